#define _GNU_SOURCE

#include "CHTTP.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "chttp_origins.h"

static const long longest_connect_ms = 10000;
/* A body is read up to here, and thrown away behind the limit; then the transfer is ended. */
static const size_t longest_body = 1 << 20;
/* Sockets whose last answer is remembered; a number beyond them shares a place. */
enum { remembered_sockets = 1024 };

typedef struct job {
    struct job *next; /* waiting */
    struct job *before, *after; /* active */
    chttp_completion done;
    void *context;
    CURL *curl;
    struct curl_slist *headers; /* in the same block */
    const char *url;
    const uint8_t *body;
    size_t body_length;
    size_t given;
    int64_t submitted_ms;
    int64_t started_ms;
    int64_t timeout_ms;
    bool clear;   /* http:// */
    bool plainly; /* HTTP/1.1 over http:// */
    int status;
    size_t received;
    size_t kept;
    uint8_t *kept_body;
    size_t limit;
    char apns_id[64];
    char error[CURL_ERROR_SIZE];
} job;

struct chttp_client {
    chttp_options options;
    char *ca_file;
    CURLM *multi;
    pthread_t thread;
    atomic_bool stopping;
    atomic_bool freed_by_thread;
    _Atomic uint64_t connections;
    /* Under the lock: what other threads hand over. */
    pthread_mutex_t lock;
    pthread_cond_t ended_condition;
    job *submitted, **submitted_end;
    bool woken;
    bool closed; /* nothing is taken any more */
    bool ended;
    uint32_t waiting_count; /* submitted and waiting */
    /* The thread's own. */
    job *waiting, **waiting_end;
    job *active;
    uint32_t active_count;
    CURL **pool;
    uint32_t pool_count;
    origins origins;
    int64_t answered_ms[remembered_sockets];
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- callbacks of one transfer ---- */

/* Without a way to go back to the beginning, libcurl cannot send a request again by itself over
 * a new connection once its body went out: whoever pushes decides that, not the transport. */
static size_t give(char *into, size_t size, size_t count, void *context) {
    job *self = context;
    size_t left = self->body_length - self->given;
    size_t taken = size * count < left ? size * count : left;
    memcpy(into, self->body + self->given, taken);
    self->given += taken;
    return taken;
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    job *self = context;
    size_t length = size * count;
    self->received += length;
    if (self->kept_body == NULL && length > 0) {
        self->kept_body = malloc(self->limit);
        if (self->kept_body == NULL) return 0;
    }
    size_t room = self->limit - self->kept;
    size_t taken = length < room ? length : room;
    if (taken > 0) memcpy(self->kept_body + self->kept, data, taken);
    self->kept += taken;
    return self->received > longest_body ? 0 : length;
}

static bool has_name(const char *data, size_t length, const char *name, size_t name_length) {
    return length > name_length && strncasecmp(data, name, name_length) == 0 && data[name_length] == ':';
}

static size_t take_header(char *data, size_t size, size_t count, void *context) {
    job *self = context;
    size_t length = size * count;
    if (length > 6 && memcmp(data, "HTTP/", 5) == 0) {
        self->apns_id[0] = 0;
    }
    if (has_name(data, length, "apns-id", 7)) {
        size_t start = 8, end = length;
        while (start < end && (data[start] == ' ' || data[start] == '\t')) start++;
        while (end > start && (unsigned char)data[end - 1] <= ' ') end--;
        size_t taken = end - start < sizeof self->apns_id - 1 ? end - start : sizeof self->apns_id - 1;
        memcpy(self->apns_id, data + start, taken);
        self->apns_id[taken] = 0;
    }
    return length;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    chttp_client *self = context;
    (void)purpose;
    atomic_fetch_add(&self->connections, 1);
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- easy handles ---- */

static CURL *make_handle(chttp_client *self) {
    CURL *curl = curl_easy_init();
    if (curl == NULL) return NULL;
    CURLcode bad = CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* Neither HTTPS_PROXY nor ~/.netrc of whoever started the daemon, and nothing but HTTP. */
    bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)self->options.idle_seconds);
    bad |= curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 16384L);
    bad |= curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    bad |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, self);
    if (self->ca_file) bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, self->ca_file);
    if (self->ca_file) bad |= curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    if (bad == CURLE_OK) return curl;
    curl_easy_cleanup(curl);
    return NULL;
}

static CURL *take_handle(chttp_client *self) {
    return self->pool_count > 0 ? self->pool[--self->pool_count] : make_handle(self);
}

static void give_handle_back(chttp_client *self, CURL *curl) {
    /* Nothing that dies with the request stays in the handle. */
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    self->pool[self->pool_count++] = curl;
}

/* ---- one request's way ---- */

static long http_version(chttp_client *self, const job *request) {
    if (!request->clear) return CURL_HTTP_VERSION_2TLS;
    if (request->plainly || self->options.clear == CHTTP_CLEAR_1_1) return CURL_HTTP_VERSION_1_1;
    return origins_of(&self->origins, request->url) == ORIGIN_1_1 ? CURL_HTTP_VERSION_1_1
                                                                  : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

static bool start(chttp_client *self, job *request) {
    CURL *curl = take_handle(self);
    if (curl == NULL) return false;
    int64_t left = request->submitted_ms + request->timeout_ms - now_ms();
    if (left < 1) left = 1;
    request->curl = curl;
    request->started_ms = now_ms();
    request->given = 0;
    CURLcode bad = CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, http_version(self, request));
    bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request->headers);
    bad |= curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
    bad |= curl_easy_setopt(curl, CURLOPT_READDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->error);
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left);
    bad |= curl_easy_setopt(
        curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(left < longest_connect_ms ? left : longest_connect_ms));
    if (request->body) {
        bad |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    } else {
        bad |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    if (bad != CURLE_OK || curl_multi_add_handle(self->multi, curl) != CURLM_OK) {
        give_handle_back(self, curl);
        return false;
    }
    request->before = NULL;
    request->after = self->active;
    if (self->active) self->active->before = request;
    self->active = request;
    self->active_count++;
    return true;
}

static void leave_active(chttp_client *self, job *request) {
    if (request->before) request->before->after = request->after;
    else self->active = request->after;
    if (request->after) request->after->before = request->before;
    self->active_count--;
}

static void complete(job *request, chttp_answer *answer) {
    answer->apns_id = request->apns_id;
    answer->body = request->kept_body;
    answer->body_length = request->kept;
    if (answer->error == NULL) answer->error = request->error;
    request->done(request->context, answer);
    free(request->kept_body);
    free(request);
}

static void fail(job *request, chttp_fault fault, const char *error) {
    chttp_answer answer = {.fault = fault, .sent = request->given > 0, .error = error};
    complete(request, &answer);
}

static chttp_fault fault_of(CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return CHTTP_NONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return CHTTP_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return CHTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
        return CHTTP_TLS;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return CHTTP_LOCAL;
    default:
        return CHTTP_BROKEN;
    }
}

/* libcurl keeps a multiplexed connection when a stream on it times out. Where nothing was
 * answered on it since that request began, nothing will be: it is ended with all its streams,
 * and the next request opens another. */
static void watch_socket(chttp_client *self, job *request, CURLcode result, bool answered) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(request->curl, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK) return;
    if (socket == CURL_SOCKET_BAD) return;
    int64_t *answered_ms = &self->answered_ms[socket % remembered_sockets];
    if (answered) *answered_ms = now_ms();
    else if (result == CURLE_OPERATION_TIMEDOUT && request->given > 0 && *answered_ms < request->started_ms)
        shutdown(socket, SHUT_RDWR);
}

static void put_in_line(chttp_client *self, job *request) {
    request->next = NULL;
    *self->waiting_end = request;
    self->waiting_end = &request->next;
}

static void finish(chttp_client *self, CURL *curl, CURLcode result) {
    job *request = NULL;
    long status = 0, version = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&request);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    if (status < 200) status = 0;
    if (status) curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    watch_socket(self, request, result, status != 0);
    curl_multi_remove_handle(self->multi, curl);
    leave_active(self, request);
    give_handle_back(self, curl);

    bool asked_2 = request->clear && !request->plainly && self->options.clear == CHTTP_CLEAR_2;
    if (asked_2 && status) {
        if (version == CURL_HTTP_VERSION_2_0) origins_set(&self->origins, request->url, ORIGIN_2);
    } else if (asked_2 && fault_of(result) == CHTTP_BROKEN &&
               origins_of(&self->origins, request->url) == ORIGIN_UNKNOWN) {
        /* A server that knows HTTP/1.1 alone understood nothing of it. */
        request->plainly = true;
        pthread_mutex_lock(&self->lock);
        self->waiting_count++;
        pthread_mutex_unlock(&self->lock);
        put_in_line(self, request);
        return;
    } else if (request->plainly && status) {
        origins_set(&self->origins, request->url, ORIGIN_1_1);
    }
    chttp_answer answer = {
        .fault = status ? CHTTP_NONE : fault_of(result),
        .sent = request->body ? request->given > 0 : true,
        .multiplexed = version == CURL_HTTP_VERSION_2_0,
        .status = (int)status,
        .retry_after = retry_after > 0 ? retry_after : 0,
    };
    if (answer.fault == CHTTP_NONE && !status) answer.fault = CHTTP_BROKEN;
    if (request->error[0] == 0) answer.error = curl_easy_strerror(result);
    complete(request, &answer);
}

/* ---- the thread ---- */

/* Gives whether something was handed over. */
static bool take_submitted(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    job *first = self->submitted;
    if (first) {
        *self->waiting_end = first;
        self->waiting_end = self->submitted_end;
        self->submitted = NULL;
        self->submitted_end = &self->submitted;
    }
    self->woken = false;
    pthread_mutex_unlock(&self->lock);
    return first != NULL;
}

static job *first_waiting(chttp_client *self) {
    job *request = self->waiting;
    if (request == NULL) return NULL;
    self->waiting = request->next;
    if (self->waiting == NULL) self->waiting_end = &self->waiting;
    return request;
}

static void start_waiting(chttp_client *self) {
    uint32_t started = 0;
    while (self->waiting && self->active_count < self->options.most_active) {
        job *request = first_waiting(self);
        started++;
        if (now_ms() >= request->submitted_ms + request->timeout_ms) fail(request, CHTTP_TIMEOUT, "its turn never came");
        else if (!start(self, request)) fail(request, CHTTP_LOCAL, "libcurl could not begin");
    }
    if (started == 0) return;
    pthread_mutex_lock(&self->lock);
    self->waiting_count -= started;
    pthread_mutex_unlock(&self->lock);
}

/* A request whose time is over does not wait for a place. They are nearly in the order of their
 * ends, so only the head is looked at. */
static void end_overdue(chttp_client *self) {
    uint32_t ended = 0;
    int64_t now = now_ms();
    while (self->waiting && now >= self->waiting->submitted_ms + self->waiting->timeout_ms) {
        fail(first_waiting(self), CHTTP_TIMEOUT, "its turn never came");
        ended++;
    }
    if (ended == 0) return;
    pthread_mutex_lock(&self->lock);
    self->waiting_count -= ended;
    pthread_mutex_unlock(&self->lock);
}

static bool finish_done(chttp_client *self) {
    int left;
    bool some = false;
    CURLMsg *message;
    while ((message = curl_multi_info_read(self->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        finish(self, message->easy_handle, message->data.result);
        some = true;
    }
    return some;
}

static void end_everything(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    self->closed = true;
    pthread_mutex_unlock(&self->lock);
    take_submitted(self);
    while (self->active) {
        job *request = self->active;
        curl_multi_remove_handle(self->multi, request->curl);
        leave_active(self, request);
        give_handle_back(self, request->curl);
        fail(request, CHTTP_STOPPED, "stopped");
    }
    for (job *request; (request = first_waiting(self)) != NULL;) fail(request, CHTTP_STOPPED, "stopped");
}

static void free_client(chttp_client *self) {
    while (self->pool_count > 0) curl_easy_cleanup(self->pool[--self->pool_count]);
    if (self->multi) curl_multi_cleanup(self->multi);
    origins_free(&self->origins);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->ended_condition);
    free(self->pool);
    free(self->ca_file);
    free(self);
}

static void *run(void *context) {
    chttp_client *self = context;
    while (!atomic_load(&self->stopping)) {
        bool busy = take_submitted(self);
        start_waiting(self);
        int running;
        curl_multi_perform(self->multi, &running);
        busy |= finish_done(self);
        end_overdue(self);
        if (busy) continue;
        curl_multi_poll(self->multi, NULL, 0, self->waiting ? 100 : 1000, NULL);
    }
    end_everything(self);
    pthread_mutex_lock(&self->lock);
    self->ended = true;
    pthread_cond_broadcast(&self->ended_condition);
    pthread_mutex_unlock(&self->lock);
    if (atomic_load(&self->freed_by_thread)) free_client(self);
    return NULL;
}

/* ---- for other threads ---- */

static void prepare(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

chttp_client *chttp_open(const chttp_options *options) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    chttp_client *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->options = *options;
    self->submitted_end = &self->submitted;
    self->waiting_end = &self->waiting;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->ended_condition, NULL);
    self->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
    self->pool = calloc(options->most_active + 1, sizeof *self->pool);
    self->multi = curl_multi_init();
    if (self->pool == NULL || self->multi == NULL || (options->ca_file && self->ca_file == NULL)) {
        free_client(self);
        return NULL;
    }
    curl_multi_setopt(self->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(self->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->connections_per_host);
    curl_multi_setopt(self->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)options->most_active);
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, 64L);

    /* OpenSSL may raise SIGPIPE, and no signal of the daemon's is this thread's business. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_client(self);
        return NULL;
    }
    pthread_setname_np(self->thread, "triggerd-http");
    return self;
}

/* One block: the job, the list's nodes, the text, the body. */
static job *make_job(const chttp_client *self, const chttp_request *request) {
    size_t nodes = request->header_count * sizeof(struct curl_slist);
    job *made = malloc(sizeof *made + nodes + request->headers_length + request->url_length + 1 + request->body_length);
    if (made == NULL) return NULL;
    memset(made, 0, offsetof(job, error) + 1);
    struct curl_slist *node = (struct curl_slist *)(made + 1);
    char *text = (char *)node + nodes;
    memcpy(text, request->headers, request->headers_length);
    made->headers = request->header_count > 0 ? node : NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        node[i].data = text;
        node[i].next = i + 1 < request->header_count ? &node[i + 1] : NULL;
        text += strlen(text) + 1;
    }
    memcpy(text, request->url, request->url_length);
    text[request->url_length] = 0;
    made->url = text;
    made->clear = strncasecmp(text, "http:", 5) == 0;
    text += request->url_length + 1;
    if (request->body) {
        memcpy(text, request->body, request->body_length);
        made->body = (const uint8_t *)text;
        made->body_length = request->body_length;
    }
    made->submitted_ms = now_ms();
    made->timeout_ms = request->timeout_ms;
    made->limit = self->options.body_limit;
    return made;
}

bool chttp_submit(chttp_client *self, const chttp_request *request, chttp_completion done, void *context) {
    job *made = make_job(self, request);
    if (made == NULL) return false;
    made->done = done;
    made->context = context;
    bool wake = false;
    pthread_mutex_lock(&self->lock);
    bool taken = !self->closed && self->waiting_count < self->options.most_waiting;
    if (taken) {
        *self->submitted_end = made;
        self->submitted_end = &made->next;
        self->waiting_count++;
        wake = !self->woken;
        self->woken = true;
    }
    pthread_mutex_unlock(&self->lock);
    if (!taken) free(made);
    if (wake && !pthread_equal(pthread_self(), self->thread)) curl_multi_wakeup(self->multi);
    return taken;
}

void chttp_stop(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    self->closed = true;
    pthread_mutex_unlock(&self->lock);
    atomic_store(&self->stopping, true);
    if (pthread_equal(pthread_self(), self->thread)) return;
    curl_multi_wakeup(self->multi);
    pthread_mutex_lock(&self->lock);
    while (!self->ended) pthread_cond_wait(&self->ended_condition, &self->lock);
    pthread_mutex_unlock(&self->lock);
}

void chttp_close(chttp_client *self) {
    if (pthread_equal(pthread_self(), self->thread)) {
        pthread_detach(self->thread);
        atomic_store(&self->freed_by_thread, true);
        atomic_store(&self->stopping, true);
        return;
    }
    chttp_stop(self);
    pthread_join(self->thread, NULL);
    free_client(self);
}

uint64_t chttp_connections(const chttp_client *self) {
    return atomic_load(&self->connections);
}
