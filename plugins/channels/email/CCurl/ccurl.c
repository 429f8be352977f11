#include "CCurl.h"

#include <CTrust.h>
#include <curl/curl.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static const long longest_connect_ms = 15000;

struct ccurl_connection {
    char *url, *ca_file;
    trust trust; /* kept from one opening to the next */
    bool demand_tls, verify;
    CURL *curl;
    curl_socket_t socket;
    int wake;
    atomic_bool aborted;
    /* Of the opening under way. */
    bool greeting;
    int code;
    char reply[1024];
    char capabilities[4096];
    char error[CURL_ERROR_SIZE];
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void append(char *text, size_t capacity, const char *bytes, size_t length) {
    size_t have = strlen(text);
    size_t room = capacity - 1 - have;
    size_t taken = length < room ? length : room;
    memcpy(text + have, bytes, taken);
    text[have + taken] = 0;
}

/* libcurl tells what the server offers, and its last words, here alone. */
static int follow(CURL *curl, curl_infotype type, char *data, size_t size, void *context) {
    ccurl_connection *self = context;
    (void)curl;
    if (type == CURLINFO_HEADER_OUT) {
        self->greeting = size >= 4 && memcmp(data, "EHLO", 4) == 0;
        if (self->greeting) self->capabilities[0] = 0;
        self->reply[0] = 0;
        self->code = 0;
    } else if (type == CURLINFO_HEADER_IN) {
        append(self->reply, sizeof self->reply, data, size);
        if (self->greeting) append(self->capabilities, sizeof self->capabilities, data, size);
        if (size >= 3 && is_digit(data[0]) && is_digit(data[1]) && is_digit(data[2]))
            self->code = (data[0] - '0') * 100 + (data[1] - '0') * 10 + (data[2] - '0');
    }
    return 0;
}

static int progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    ccurl_connection *self = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&self->aborted) ? 1 : 0;
}

/* libidn2 reads a name in the encoding of the thread's locale. */
static locale_t utf8;

static void prepare_once(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static void prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_once);
}

static bool copy(char **into, const char *text) {
    if (text == NULL) return true;
    *into = strdup(text);
    return *into != NULL;
}

/* libcurl takes the name for EHLO from the URL's path. */
static bool copy_url(ccurl_connection *self, const ccurl_server *server) {
    const char *helo = server->helo == NULL ? "" : server->helo;
    size_t capacity = strlen(server->url) + strlen(helo) + 2;
    self->url = malloc(capacity);
    if (self->url == NULL) return false;
    snprintf(self->url, capacity, "%s/%s", server->url, helo);
    return true;
}

ccurl_connection *ccurl_new(const ccurl_server *server) {
    prepare();
    ccurl_connection *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->demand_tls = server->demand_tls;
    self->verify = server->verify;
    bool copied = copy_url(self, server) && copy(&self->ca_file, server->ca_file);
    self->trust.ca_file = self->ca_file;
    if (!copied || self->wake < 0) {
        ccurl_free(self);
        return NULL;
    }
    return self;
}

void ccurl_free(ccurl_connection *self) {
    ccurl_disconnect(self);
    trust_close(&self->trust);
    if (self->wake >= 0) close(self->wake);
    free(self->url);
    free(self->ca_file);
    free(self);
}

void ccurl_abort(ccurl_connection *self) {
    atomic_store(&self->aborted, true);
    /* The counter may be full already: then it wakes as well. */
    if (eventfd_write(self->wake, 1) != 0) return;
}

const char *ccurl_reply(const ccurl_connection *self) {
    return self->reply;
}

const char *ccurl_greeting(const ccurl_connection *self) {
    return self->capabilities;
}

const char *ccurl_error(const ccurl_connection *self) {
    return self->error;
}

/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE as it is, and OpenSSL may raise it. */
typedef struct quiet {
    sigset_t before;
} quiet;

static quiet without_sigpipe(void) {
    quiet quiet;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet.before);
    return quiet;
}

static void with_sigpipe_as(const quiet *quiet, bool may_have_come) {
    if (may_have_come && !sigismember(&quiet->before, SIGPIPE)) {
        struct timespec at_once = {0, 0};
        sigset_t pipe;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        while (sigtimedwait(&pipe, NULL, &at_once) > 0) {}
    }
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

static ccurl_fault fault_of(CURLcode result, const ccurl_connection *self) {
    switch (result) {
    case CURLE_OK:
        return CCURL_NONE;
    case CURLE_OPERATION_TIMEDOUT:
        return CCURL_TIMEOUT;
    case CURLE_ABORTED_BY_CALLBACK:
        return CCURL_ABORTED;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
        return CCURL_TLS;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return CCURL_LOCAL;
    default:
        return self->code >= 400 ? CCURL_REPLY : CCURL_UNREACHABLE;
    }
}

static CURLcode configure(ccurl_connection *self, long timeout_ms) {
    CURL *curl = self->curl;
    CURLcode bad = CURLE_OK;
    long connect_ms = timeout_ms < longest_connect_ms ? timeout_ms : longest_connect_ms;
    bad |= curl_easy_setopt(curl, CURLOPT_URL, self->url);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, self->error);
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* Neither ALL_PROXY nor ~/.netrc of whoever started the daemon. */
    bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, follow);
    bad |= curl_easy_setopt(curl, CURLOPT_DEBUGDATA, self);
    bad |= curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, self);
    bad |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, connect_ms);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    bad |= curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(self->demand_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, self->verify ? 1L : 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, self->verify ? 2L : 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= trust_replace(curl);
    if (!self->verify) return bad;
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, trust_install);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, &self->trust);
    return bad;
}

ccurl_fault ccurl_connect(ccurl_connection *self, long timeout_ms) {
    ccurl_disconnect(self);
    self->greeting = false;
    self->code = 0;
    self->reply[0] = self->capabilities[0] = self->error[0] = 0;
    self->curl = curl_easy_init();
    CURLcode result = self->curl == NULL ? CURLE_OUT_OF_MEMORY : configure(self, timeout_ms);
    if (result == CURLE_OK) {
        quiet quiet = without_sigpipe();
        result = curl_easy_perform(self->curl);
        with_sigpipe_as(&quiet, true);
    }
    if (result == CURLE_OK) result = curl_easy_getinfo(self->curl, CURLINFO_ACTIVESOCKET, &self->socket);
    if (self->error[0] == 0) strncpy(self->error, curl_easy_strerror(result), sizeof self->error - 1);
    ccurl_fault fault = fault_of(result, self);
    if (fault != CCURL_NONE) ccurl_disconnect(self);
    return fault;
}

void ccurl_disconnect(ccurl_connection *self) {
    if (self->curl == NULL) return;
    quiet quiet = without_sigpipe();
    curl_easy_cleanup(self->curl);
    with_sigpipe_as(&quiet, true);
    self->curl = NULL;
}

ptrdiff_t ccurl_send(ccurl_connection *self, const uint8_t *bytes, size_t length) {
    if (self->curl == NULL) return CCURL_BROKEN;
    size_t sent = 0;
    quiet quiet = without_sigpipe();
    CURLcode result = curl_easy_send(self->curl, bytes, length, &sent);
    with_sigpipe_as(&quiet, result != CURLE_OK && result != CURLE_AGAIN);
    if (result == CURLE_AGAIN) return CCURL_AGAIN;
    return result == CURLE_OK ? (ptrdiff_t)sent : CCURL_BROKEN;
}

ptrdiff_t ccurl_receive(ccurl_connection *self, uint8_t *into, size_t capacity) {
    if (self->curl == NULL) return CCURL_BROKEN;
    size_t received = 0;
    CURLcode result = curl_easy_recv(self->curl, into, capacity, &received);
    if (result == CURLE_AGAIN) return CCURL_AGAIN;
    return result == CURLE_OK && received > 0 ? (ptrdiff_t)received : CCURL_BROKEN;
}

int ccurl_wait(ccurl_connection *self, bool writing, int timeout_ms) {
    if (atomic_load(&self->aborted)) return CCURL_STOPPED;
    struct pollfd waited[2] = {
        {.fd = self->socket, .events = (short)(POLLIN | (writing ? POLLOUT : 0))},
        {.fd = self->wake, .events = POLLIN},
    };
    int count = poll(waited, 2, timeout_ms);
    /* A signal may cut it short; the caller looks at the clock anyway. */
    if (count < 0) return errno == EINTR ? 0 : CCURL_READABLE;
    int ready = 0;
    if (waited[1].revents != 0) ready |= CCURL_STOPPED;
    if (waited[0].revents & ~POLLOUT) ready |= CCURL_READABLE;
    if (waited[0].revents & POLLOUT) ready |= CCURL_WRITABLE;
    return ready;
}

bool ccurl_ascii_domain(const char *domain, char *into, size_t capacity) {
#if LIBCURL_VERSION_NUM >= 0x075800
    prepare();
    if (utf8 == (locale_t)0) return false;
    locale_t before = uselocale(utf8);
    char *ascii = NULL;
    CURLU *url = curl_url();
    bool found = url != NULL && curl_url_set(url, CURLUPART_URL, "smtp://localhost", 0) == CURLUE_OK
        && curl_url_set(url, CURLUPART_HOST, domain, 0) == CURLUE_OK
        && curl_url_get(url, CURLUPART_HOST, &ascii, CURLU_PUNYCODE) == CURLUE_OK && strlen(ascii) < capacity;
    if (found) strcpy(into, ascii);
    curl_free(ascii);
    curl_url_cleanup(url);
    uselocale(before);
    return found;
#else
    (void)domain, (void)into, (void)capacity;
    return false;
#endif
}
