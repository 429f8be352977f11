#define _GNU_SOURCE

#include "address.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

const char address_guard_words[] = "its address is not on the internet";

typedef struct range {
    uint32_t first;
    unsigned bits;
} range;

/* The IANA IPv4 Special-Purpose Address Registry: what is not globally reachable, and what is no host's address. */
static const range special_ipv4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8, this machine or network */
    {0x0A000000, 8},  /* 10.0.0.0/8, private */
    {0x64400000, 10}, /* 100.64.0.0/10, between a provider and its customers; Alibaba's metadata */
    {0x7F000000, 8},  /* 127.0.0.0/8, loopback */
    {0xA83F8110, 32}, /* 168.63.129.16: public by its number, and Azure's metadata and agent server */
    {0xA9FE0000, 16}, /* 169.254.0.0/16, link-local; the metadata of nearly every cloud */
    {0xAC100000, 12}, /* 172.16.0.0/12, private */
    {0xC0000000, 24}, /* 192.0.0.0/24, protocol assignments; Oracle's metadata */
    {0xC0000200, 24}, /* 192.0.2.0/24, documentation */
    {0xC0586300, 24}, /* 192.88.99.0/24, relays of 6to4 */
    {0xC0A80000, 16}, /* 192.168.0.0/16, private */
    {0xC6120000, 15}, /* 198.18.0.0/15, benchmarks */
    {0xC6336400, 24}, /* 198.51.100.0/24, documentation */
    {0xCB007100, 24}, /* 203.0.113.0/24, documentation */
    {0xE0000000, 3},  /* 224.0.0.0/4 and 240.0.0.0/4: multicast, reserved, broadcast */
};

static bool is_own_ipv4(uint32_t address, const struct ifaddrs *own) {
    for (; own; own = own->ifa_next) {
        if (own->ifa_addr == NULL || own->ifa_addr->sa_family != AF_INET) continue;
        struct sockaddr_in each;
        memcpy(&each, own->ifa_addr, sizeof each);
        if (ntohl(each.sin_addr.s_addr) == address) return true;
    }
    return false;
}

static bool is_own_ipv6(const uint8_t *address, const struct ifaddrs *own) {
    for (; own; own = own->ifa_next) {
        if (own->ifa_addr == NULL || own->ifa_addr->sa_family != AF_INET6) continue;
        struct sockaddr_in6 each;
        memcpy(&each, own->ifa_addr, sizeof each);
        if (memcmp(each.sin6_addr.s6_addr, address, 16) == 0) return true;
    }
    return false;
}

static bool is_public_ipv4(uint32_t address, const struct ifaddrs *own) {
    for (size_t i = 0; i < sizeof special_ipv4 / sizeof *special_ipv4; i++)
        if ((address ^ special_ipv4[i].first) >> (32 - special_ipv4[i].bits) == 0) return false;
    return !is_own_ipv4(address, own);
}

static bool is_public_ipv6(const uint8_t *address, const struct ifaddrs *own) {
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    static const uint8_t translated[12] = {0x00, 0x64, 0xFF, 0x9B};
    /* ::ffff:a.b.c.d leads to a.b.c.d itself, 64:ff9b::a.b.c.d through a translator (RFC 6052). */
    if (memcmp(address, mapped, 12) == 0 || memcmp(address, translated, 12) == 0) {
        const uint8_t *inner = address + 12;
        return is_public_ipv4(
            (uint32_t)inner[0] << 24 | (uint32_t)inner[1] << 16 | (uint32_t)inner[2] << 8 | inner[3], own);
    }
    /* 2000::/3 is all that IANA gave out as global unicast: not ::, ::1, fc00::/7, fe80::/10, ff00::/8. Of it not
     * 2001::/23 (Teredo among it), 2001:db8::/32 and 3fff::/20 (documentation), 2002::/16 (6to4, which holds an
     * address of IPv4). */
    if ((address[0] & 0xE0) != 0x20) return false;
    if (address[0] == 0x20 && address[1] == 0x01 && address[2] <= 0x01) return false;
    if (address[0] == 0x20 && address[1] == 0x01 && address[2] == 0x0D && address[3] == 0xB8) return false;
    if (address[0] == 0x20 && address[1] == 0x02) return false;
    if (address[0] == 0x3F && address[1] == 0xFF && address[2] < 0x10) return false;
    return !is_own_ipv6(address, own);
}

bool chttp_is_public(const struct sockaddr *address) {
    struct ifaddrs *own = NULL;
    /* Without the list nothing is known to be somebody else's. */
    if (getifaddrs(&own) != 0) return false;
    bool is_public = false;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in whole;
        memcpy(&whole, address, sizeof whole);
        is_public = is_public_ipv4(ntohl(whole.sin_addr.s_addr), own);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 whole;
        memcpy(&whole, address, sizeof whole);
        is_public = is_public_ipv6(whole.sin6_addr.s6_addr, own);
    }
    freeifaddrs(own);
    return is_public;
}

/* libcurl connects to exactly the address that it shows here. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    address_guard *guard = context;
    (void)purpose;
    if (!chttp_is_public(&address->addr)) {
        guard->kept_some_out = true;
        return CURL_SOCKET_BAD;
    }
    guard->let_some_through = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

CURLcode address_guard_install(CURL *curl, address_guard *guard) {
    *guard = (address_guard){0};
    CURLcode bad = curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, guard);
    return bad;
}

bool address_guard_refused(const address_guard *guard, CURLcode result) {
    return result == CURLE_COULDNT_CONNECT && guard->kept_some_out && !guard->let_some_through;
}
