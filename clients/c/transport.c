#define _GNU_SOURCE
#include "transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct triggerd_transport {
    int fd;
    /* Of TLS: it reads from and writes to memory, so that every wait is ours, and no signal comes of a broken pipe. */
    SSL_CTX *context;
    SSL *tls;
};

int64_t triggerd_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1 as soon as it may go on, 0 at the deadline. */
static int wait_for(int fd, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - triggerd_now();
        if (left <= 0) return 0;
        struct pollfd poller = {.fd = fd, .events = events};
        int ready = poll(&poller, 1, left > 1000000 ? 1000000 : (int)left);
        if (ready > 0) return 1;
        if (ready < 0 && errno != EINTR) return 1; /* The next call on it says why. */
    }
}

static int is_late(triggerd_error *error) {
    return triggerd_fail(error, TRIGGERD_DEADLINE_EXCEEDED, 1, 0, "no answer in time");
}

static int is_lost(triggerd_error *error) {
    return triggerd_fail(error, TRIGGERD_UNAVAILABLE, 1, 0, "the connection broke: %s",
                         errno ? strerror(errno) : "the server closed it");
}

/* As much as goes: more than 0, or 0 and why. */
static ssize_t send_some(int fd, const uint8_t *bytes, size_t length, int64_t deadline, triggerd_error *error) {
    for (;;) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent > 0) return sent;
        if (errno != EAGAIN && errno != EINTR) return is_lost(error);
        if (!wait_for(fd, POLLOUT, deadline)) return is_late(error);
    }
}

static ssize_t receive_some(int fd, uint8_t *bytes, size_t length, int64_t deadline, triggerd_error *error) {
    for (;;) {
        ssize_t got = recv(fd, bytes, length, 0);
        if (got > 0) return got;
        if (got == 0) errno = 0;
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) return is_lost(error);
        if (!wait_for(fd, POLLIN, deadline)) return is_late(error);
    }
}

static int send_all(int fd, const uint8_t *bytes, size_t length, int64_t deadline, triggerd_error *error) {
    while (length > 0) {
        ssize_t sent = send_some(fd, bytes, length, deadline, error);
        if (sent <= 0) return 0;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 1;
}

/* What TLS wrote goes out. */
static int flush_tls(triggerd_transport *transport, int64_t deadline, triggerd_error *error) {
    uint8_t part[16384];
    int length;
    while ((length = BIO_read(SSL_get_wbio(transport->tls), part, sizeof part)) > 0) {
        if (!send_all(transport->fd, part, (size_t)length, deadline, error)) return 0;
    }
    return 1;
}

/* After an SSL_... that gave `result`: 1 to call it again, or 0 and why. */
static int go_on_tls(triggerd_transport *transport, int result, int64_t deadline, triggerd_error *error) {
    int why = SSL_get_error(transport->tls, result);
    if (!flush_tls(transport, deadline, error)) return 0;
    if (why == SSL_ERROR_WANT_WRITE) return 1;
    if (why == SSL_ERROR_WANT_READ) {
        uint8_t part[16384];
        ssize_t got = receive_some(transport->fd, part, sizeof part, deadline, error);
        return got > 0 && BIO_write(SSL_get_rbio(transport->tls), part, (int)got) == got;
    }
    if (why == SSL_ERROR_ZERO_RETURN) {
        errno = 0;
        return is_lost(error);
    }
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    long verified = SSL_get_verify_result(transport->tls);
    if (verified != X509_V_OK) reason = X509_verify_cert_error_string(verified);
    return triggerd_fail(error, TRIGGERD_UNAVAILABLE, 1, 1, "TLS: %s", reason ? reason : "the other side does not speak it");
}

static int start_tls(triggerd_transport *transport, const triggerd_address *address, const triggerd_options *options,
                     int64_t deadline, triggerd_error *error) {
    ERR_clear_error();
    SSL_CTX *context = transport->context = SSL_CTX_new(TLS_client_method());
    int is_set = context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    is_set = is_set && (options->ca_file ? SSL_CTX_load_verify_locations(context, options->ca_file, NULL)
                                         : SSL_CTX_set_default_verify_paths(context)) == 1;
    if (options->certificate_file) {
        is_set = is_set && SSL_CTX_use_certificate_chain_file(context, options->certificate_file) == 1
            && options->key_file && SSL_CTX_use_PrivateKey_file(context, options->key_file, SSL_FILETYPE_PEM) == 1;
    }
    SSL *tls = transport->tls = is_set ? SSL_new(context) : NULL;
    if (!tls) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        return triggerd_fail(error, TRIGGERD_INVALID_ARGUMENT, 0, 1, "TLS: the files do not fit: %s", reason ? reason : "");
    }
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls, in, out);
    /* A name, or a number that a certificate may have, too. */
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), address->host) != 1) {
        SSL_set1_host(tls, address->host);
        SSL_set_tlsext_host_name(tls, address->host);
    }
    int result;
    while ((result = SSL_connect(tls)) != 1) {
        if (!go_on_tls(transport, result, deadline, error)) return 0;
    }
    return flush_tls(transport, deadline, error);
}

static int connect_to(const struct sockaddr *place, socklen_t length, int family, int64_t deadline) {
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int reason = 0;
    socklen_t size = sizeof reason;
    if (connect(fd, place, length) != 0) {
        reason = errno;
        if (reason == EINPROGRESS) {
            if (!wait_for(fd, POLLOUT, deadline)) reason = ETIMEDOUT;
            else getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size);
        }
    }
    if (reason == 0) return fd;
    close(fd);
    errno = reason;
    return -1;
}

static int connect_unix(const char *path, int64_t deadline) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof place.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(place.sun_path, path, length);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (path[0] == '@') { /* An abstract address. */
        place.sun_path[0] = 0;
        size--;
    }
    return connect_to((struct sockaddr *)&place, size, AF_UNIX, deadline);
}

static int connect_tcp(const triggerd_address *address, int64_t deadline, const char **why) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *places = NULL;
    int failed = getaddrinfo(address->host, address->port, &hints, &places);
    if (failed) {
        *why = gai_strerror(failed);
        return -1;
    }
    int fd = -1, on = 1;
    for (struct addrinfo *place = places; place && fd < 0; place = place->ai_next) {
        fd = connect_to(place->ai_addr, place->ai_addrlen, place->ai_family, deadline);
    }
    int reason = errno;
    freeaddrinfo(places);
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    errno = reason;
    return fd;
}

triggerd_transport *triggerd_transport_open(const triggerd_address *address, const triggerd_options *options,
                                            int64_t deadline, triggerd_error *error) {
    triggerd_transport *transport = calloc(1, sizeof *transport);
    if (!transport) {
        triggerd_fail(error, TRIGGERD_RESOURCE_EXHAUSTED, 0, 1, "there is no memory");
        return NULL;
    }
    const char *why = NULL;
    transport->fd = address->door == DOOR_UNIX ? connect_unix(address->host, deadline) : connect_tcp(address, deadline, &why);
    if (transport->fd < 0) {
        triggerd_fail(error, TRIGGERD_UNAVAILABLE, 0, 0, "no daemon answers at %s: %s", address->text,
                      why ? why : strerror(errno));
        free(transport);
        return NULL;
    }
    triggerd_error fault = {0};
    if (address->door == DOOR_TLS && !start_tls(transport, address, options, deadline, &fault)) {
        /* The request has not left. */
        triggerd_fail(error, fault.code, 0, fault.is_final, "%s: %s", address->text, fault.message);
        triggerd_transport_close(transport);
        return NULL;
    }
    return transport;
}

void triggerd_transport_close(triggerd_transport *transport) {
    if (!transport) return; /* There was none. */
    SSL_free(transport->tls);
    SSL_CTX_free(transport->context);
    close(transport->fd);
    free(transport);
}

int triggerd_transport_write(triggerd_transport *transport, const uint8_t *bytes, size_t length, int64_t deadline,
                             triggerd_error *error) {
    if (!transport->tls) return send_all(transport->fd, bytes, length, deadline, error);
    int result;
    ERR_clear_error();
    while ((result = SSL_write(transport->tls, bytes, (int)length)) <= 0) {
        if (!go_on_tls(transport, result, deadline, error)) return 0;
    }
    return flush_tls(transport, deadline, error);
}

int triggerd_transport_read(triggerd_transport *transport, uint8_t *bytes, size_t length, int64_t deadline,
                            triggerd_error *error) {
    while (length > 0) {
        ssize_t got;
        if (transport->tls) {
            ERR_clear_error();
            got = SSL_read(transport->tls, bytes, (int)length);
            if (got <= 0) {
                if (!go_on_tls(transport, (int)got, deadline, error)) return 0;
                continue;
            }
        } else {
            got = receive_some(transport->fd, bytes, length, deadline, error);
            if (got <= 0) return 0;
        }
        bytes += got;
        length -= (size_t)got;
    }
    return 1;
}
