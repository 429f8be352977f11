#include "handle.h"

#include <stddef.h>

CURL *handle_make(trust *trusted) {
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
    bad |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= trust_replace(curl);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, trust_install);
    bad |= curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, trusted);
    if (bad == CURLE_OK) return curl;
    curl_easy_cleanup(curl);
    return NULL;
}
