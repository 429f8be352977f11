#include "CTrust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>

/* What libcurl itself would read: it was made with these names. */
static X509_STORE *read_store(const char *file, const char *folder) {
    X509_STORE *store = X509_STORE_new();
    if (store == NULL) return NULL;
    bool is_read = file != NULL && X509_STORE_load_file(store, file) == 1;
    if (folder != NULL) is_read |= X509_STORE_load_path(store, folder) == 1;
    /* As libcurl sets them: an intermediate certificate that is trusted is enough. */
    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    if (is_read) return store;
    X509_STORE_free(store);
    return NULL;
}

/* A system's certificates are updated while the daemon runs. */
static bool is_same(const struct stat *one, const struct stat *other) {
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev && one->st_size == other->st_size &&
           one->st_mtim.tv_sec == other->st_mtim.tv_sec && one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

static void read_anew(trust *self) {
    const curl_version_info_data *made = curl_version_info(CURLVERSION_NOW);
    const char *file = self->ca_file ? self->ca_file : made->cainfo;
    struct stat now = {0};
    if (file != NULL && stat(file, &now) != 0) now = (struct stat){0};
    if (self->store != NULL && is_same(&now, &self->read)) return;
    X509_STORE *store = read_store(file, self->ca_file ? NULL : made->capath);
    if (store == NULL) return; /* What was read before counts. */
    X509_STORE_free(self->store);
    self->store = store;
    self->read = now;
}

CURLcode trust_replace(CURL *curl) {
#if LIBCURL_VERSION_NUM >= 0x075700
    /* It would keep the first store that it saw in a multi handle, and put it in the place of all later ones. One that is
     * too old for that does not know the option. */
    (void)curl_easy_setopt(curl, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
    CURLcode bad = curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    return bad | curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

CURLcode trust_install(CURL *curl, void *tls, void *context) {
    (void)curl;
    trust *self = context;
    read_anew(self);
    if (self->store != NULL) SSL_CTX_set1_cert_store(tls, self->store);
    return CURLE_OK;
}

void trust_close(trust *self) {
    X509_STORE_free(self->store);
    self->store = NULL;
}
