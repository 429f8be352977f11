/* Letters through the channel as the daemon sends them: over the plug-in's C table, as many under way as the channel
 * names.
 *
 *   email PLUGIN LETTERS NAME=VALUE...     the settings, such as url=smtp://127.0.0.1:2525
 *
 * Prints letters a second, and the process's CPU time a letter. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "../../Sources/PluginABI/include/triggerd/plugin.h"

static sem_t room;
static atomic_long accepted, others;

static void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static triggerd_text text(const char *bytes) {
    return (triggerd_text){bytes, strlen(bytes)};
}

static void on_log(uint32_t level, triggerd_text line) {
    fprintf(stderr, "%u %.*s\n", level, (int)line.length, line.bytes);
}

static uint32_t on_complete(triggerd_send send, const triggerd_outcome *outcome) {
    (void)send;
    if (outcome->result == TRIGGERD_ACCEPTED) atomic_fetch_add(&accepted, 1);
    else if (atomic_fetch_add(&others, 1) == 0)
        fprintf(stderr, "%.*s\n", (int)outcome->detail.length, outcome->detail.bytes);
    sem_post(&room);
    return TRIGGERD_COMPLETED;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static triggerd_member string(const char *name, const char *value) {
    triggerd_value v = {.kind = TRIGGERD_STRING, .count = (uint32_t)strlen(value)};
    v.of.string = value;
    return (triggerd_member){text(name), v};
}

static void *start(const triggerd_channel *channel, int count, char **words) {
    triggerd_member settings[32] = {string("data_folder", "/tmp"), string("from", "Example Shop <shop@example.com>")};
    uint32_t filled = 2;
    for (int i = 0; i < count && filled < 32; i++) {
        char *equals = strchr(words[i], '=');
        if (equals == NULL) die("a setting is NAME=VALUE");
        *equals = 0;
        settings[filled++] = string(words[i], equals + 1);
        if (strcmp(words[i], "connections") == 0) {
            settings[filled - 1].value.kind = TRIGGERD_INTEGER;
            settings[filled - 1].value.of.integer = atoi(equals + 1);
        }
    }
    triggerd_value object = {.kind = TRIGGERD_OBJECT, .count = filled};
    object.of.members = settings;
    char reason[512];
    triggerd_reason why = {sizeof why, reason, sizeof reason, 0};
    void *instance = channel->start(channel->context, &object, &why);
    if (instance == NULL) {
        fprintf(stderr, "%.*s\n", (int)why.length, reason);
        exit(1);
    }
    return instance;
}

int main(int count, char **words) {
    if (count < 4) die("email PLUGIN LETTERS NAME=VALUE...");
    void *library = dlopen(words[1], RTLD_NOW);
    if (library == NULL) die(dlerror());
    triggerd_entry entry = (triggerd_entry)dlsym(library, TRIGGERD_ENTRY_SYMBOL);
    static triggerd_host host = {sizeof host, TRIGGERD_ABI_MINOR, {"bench", 5}, on_log, on_complete};
    const triggerd_module *module = entry ? entry(&host, NULL) : NULL;
    if (module == NULL) die("no module");
    const triggerd_channel *channel = module->channels[0];
    void *instance = start(channel, count - 3, words + 3);
    long letters = atol(words[2]);
    sem_init(&room, 0, channel->concurrency);

    const char *body = "Good day,\n\nyour cart is waiting for you, and we have kept everything in it until tomorrow.\n"
                       "Come back and have a look: https://shop.example.com/cart?u=0123456789\n\nYour Example Shop\n";
    const char *html = "<html><body><p>Good day,</p><p>your cart is <b>waiting</b> for you, and we have kept everything "
                       "in it until tomorrow.</p><p><a href=\"https://shop.example.com/cart?u=0123456789\">Come back and "
                       "have a look</a></p><p>Grüße, Your Example Shop</p></body></html>\n";
    triggerd_member fields[] = {string("subject", "Grüße: your cart is waiting"), string("body", body), string("html", html)};
    struct rusage before, after;
    struct timespec begun, ended;
    getrusage(RUSAGE_SELF, &before);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (long i = 0; i < letters; i++) {
        char key[64], user[64], address[64];
        snprintf(key, sizeof key, "cart/3/user-%ld/7f3a/email", i);
        snprintf(user, sizeof user, "user-%ld", i);
        snprintf(address, sizeof address, "user-%ld@example.com", i);
        triggerd_text to = text(address);
        triggerd_message message = {
            .size = sizeof message,
            .key = text(key),
            .campaign = text("cart"),
            .user = text(user),
            .addresses = &to,
            .address_count = 1,
            .fields = fields,
            .field_count = 3,
            .deadline_ms = (time(NULL) + 60) * 1000LL,
            .attempt = 1,
        };
        while (sem_wait(&room) != 0) {}
        channel->send(instance, (triggerd_send)i, &message);
    }
    channel->drain(instance);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    getrusage(RUSAGE_SELF, &after);
    channel->stop(instance);
    double wall = (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
    double user = seconds(after.ru_utime) - seconds(before.ru_utime);
    double kernel = seconds(after.ru_stime) - seconds(before.ru_stime);
    printf("%ld accepted, %ld others: %.0f letters/s, %.1f us of CPU a letter (%.1f user, %.1f kernel)\n", accepted,
        others, (double)letters / wall, (user + kernel) / (double)letters * 1e6, user / (double)letters * 1e6,
        kernel / (double)letters * 1e6);
    return others != 0;
}
