#include "CCurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A connection that was idle for longer is not used again: the server may be closing it. */
static const long longest_idle_s = 30;
static const long longest_connect_ms = 15000;

struct ccurl_connection {
    CURL *curl;
    struct curl_slist *recipients;
    atomic_bool aborted;
    /* Of the hand-over under way. */
    const uint8_t *bytes;
    size_t length;
    size_t sent;
    bool quitting;
    ccurl_outcome outcome;
    char reply[1024];
    char error[CURL_ERROR_SIZE];
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* libcurl's own CURLINFO_RESPONSE_CODE keeps the code of an older command when a reply never
 * came, and never tells which command it answers. So the dialogue is followed here. Of what is
 * sent, only the verb is looked at: the login passes by as well. */
static int follow(CURL *curl, curl_infotype type, char *data, size_t size, void *context) {
    ccurl_connection *self = context;
    ccurl_outcome *outcome = &self->outcome;
    (void)curl;
    switch (type) {
    case CURLINFO_HEADER_OUT:
        /* A farewell follows a refusal, and its answer is none to the mail. */
        self->quitting = size >= 4 && memcmp(data, "QUIT", 4) == 0;
        if (self->quitting) break;
        outcome->code = 0;
        self->reply[0] = 0;
        if (size >= 10 && memcmp(data, "MAIL FROM:", 10) == 0) outcome->stage = CCURL_SENDER;
        if (size >= 8 && memcmp(data, "RCPT TO:", 8) == 0) outcome->stage = CCURL_RECIPIENT;
        if (size >= 4 && memcmp(data, "DATA", 4) == 0) outcome->stage = CCURL_CONTENT;
        break;
    case CURLINFO_DATA_OUT:
        /* What answered DATA has not answered the content. */
        outcome->code = 0;
        self->reply[0] = 0;
        break;
    case CURLINFO_HEADER_IN: {
        if (self->quitting) break;
        size_t have = strlen(self->reply);
        size_t room = sizeof self->reply - 1 - have;
        size_t taken = size < room ? size : room;
        memcpy(self->reply + have, data, taken);
        self->reply[have + taken] = 0;
        if (size >= 3 && is_digit(data[0]) && is_digit(data[1]) && is_digit(data[2]))
            outcome->code = (data[0] - '0') * 100 + (data[1] - '0') * 10 + (data[2] - '0');
        if (outcome->stage == CCURL_RECIPIENT && outcome->code / 100 == 4) outcome->recipient_later = true;
        break;
    }
    default:
        break;
    }
    return 0;
}

static size_t give(char *into, size_t size, size_t count, void *context) {
    ccurl_connection *self = context;
    size_t left = self->length - self->sent;
    size_t taken = size * count < left ? size * count : left;
    memcpy(into, self->bytes + self->sent, taken);
    self->sent += taken;
    return taken;
}

static int progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    ccurl_connection *self = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&self->aborted) ? 1 : 0;
}

static void prepare(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

ccurl_connection *ccurl_open(
    const char *url, const char *username, const char *password, const char *ca_file, bool demand_tls, bool verify) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    ccurl_connection *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->curl = curl_easy_init();
    if (self->curl == NULL) {
        free(self);
        return NULL;
    }
    CURL *curl = self->curl;
    CURLcode bad = CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_URL, url);
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, self->error);
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* Neither ALL_PROXY nor ~/.netrc of whoever started the daemon. */
    bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    bad |= curl_easy_setopt(curl, CURLOPT_READDATA, self);
    bad |= curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, follow);
    bad |= curl_easy_setopt(curl, CURLOPT_DEBUGDATA, self);
    bad |= curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, self);
    bad |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, longest_idle_s);
    bad |= curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(demand_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    if (username) bad |= curl_easy_setopt(curl, CURLOPT_USERNAME, username);
    if (password) bad |= curl_easy_setopt(curl, CURLOPT_PASSWORD, password);
    if (ca_file) bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    if (bad != CURLE_OK) {
        ccurl_close(self);
        return NULL;
    }
    return self;
}

void ccurl_close(ccurl_connection *self) {
    curl_easy_cleanup(self->curl);
    curl_slist_free_all(self->recipients);
    free(self);
}

void ccurl_abort(ccurl_connection *self) {
    atomic_store(&self->aborted, true);
}

const char *ccurl_reply(const ccurl_connection *self) {
    return self->reply;
}

const char *ccurl_error(const ccurl_connection *self) {
    return self->error;
}

bool ccurl_recipient(ccurl_connection *self, const char *address) {
    struct curl_slist *longer = curl_slist_append(self->recipients, address);
    if (longer == NULL) return false;
    self->recipients = longer;
    return true;
}

/* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE as it is, and OpenSSL may raise it. */
static CURLcode perform_without_sigpipe(CURL *curl) {
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    CURLcode result = curl_easy_perform(curl);
    if (!sigismember(&before, SIGPIPE)) {
        struct timespec at_once = {0, 0};
        while (sigtimedwait(&pipe, NULL, &at_once) > 0) {}
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

static ccurl_fault fault_of(CURLcode result, const ccurl_outcome *outcome) {
    switch (result) {
    case CURLE_OK:
        return CCURL_NONE;
    case CURLE_LOGIN_DENIED:
        return CCURL_LOGIN;
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
    case CURLE_READ_ERROR:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return CCURL_LOCAL;
    default:
        return outcome->code >= 400 ? CCURL_REPLY : CCURL_UNREACHABLE;
    }
}

static CURLcode attempt(ccurl_connection *self) {
    memset(&self->outcome, 0, sizeof self->outcome);
    self->reply[0] = 0;
    self->error[0] = 0;
    self->sent = 0;
    self->quitting = false;
    CURLcode result = perform_without_sigpipe(self->curl);
    if (self->error[0] == 0) strncpy(self->error, curl_easy_strerror(result), sizeof self->error - 1);
    return result;
}

/* A kept connection that the server has closed meanwhile, or closes now (421), says nothing
 * about this mail; before the content began, another try cannot send it twice. */
static bool was_stale(ccurl_connection *self, CURLcode result) {
    long opened = 1;
    curl_easy_getinfo(self->curl, CURLINFO_NUM_CONNECTS, &opened);
    if (result == CURLE_OK || opened > 0 || self->outcome.stage == CCURL_CONTENT) return false;
    bool broken = result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_GOT_NOTHING;
    return self->outcome.code == 421 || (broken && self->outcome.code < 400);
}

ccurl_outcome ccurl_hand_over(
    ccurl_connection *self, const char *sender, const uint8_t *bytes, size_t length, long timeout_ms) {
    CURL *curl = self->curl;
    self->bytes = bytes;
    self->length = length;
    long connect_ms = timeout_ms < longest_connect_ms ? timeout_ms : longest_connect_ms;
    CURLcode result = curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
    if (result == CURLE_OK) result = curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, self->recipients);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)length);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 0L);
    if (result == CURLE_OK) {
        result = attempt(self);
        if (was_stale(self, result)) {
            curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
            result = attempt(self);
        }
    } else {
        memset(&self->outcome, 0, sizeof self->outcome);
        self->reply[0] = 0;
        strncpy(self->error, curl_easy_strerror(result), sizeof self->error - 1);
    }
    self->outcome.fault = fault_of(result, &self->outcome);
    /* Nothing that dies with this call stays in the handle. */
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(self->recipients);
    self->recipients = NULL;
    self->bytes = NULL;
    self->length = 0;
    return self->outcome;
}
