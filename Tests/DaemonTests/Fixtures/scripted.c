/* A channel that does what a file says: `scripted`, with the setting `folder`. Every send adds a line to
 * folder/sends (the key, the user, the attempt, the addresses), and ends as the word in folder/do says. A message whose
 * text is `crash`, `exit`, `deep` (a stack that runs over) or `wild` (an address of nothing) ends the process at once, one
 * of `crash soon` after a while, and `slow` is accepted later than that. A channel
 * `scripted_once` beside it is never to be sent again. */
#include <triggerd/plugin.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const triggerd_host *host;

#define TEXT(literal) { literal, sizeof literal - 1 }

typedef struct instance {
    char folder[512];
    triggerd_send held[1024];
    int held_count;
} instance;

static const triggerd_field folder_field = {
    .size = sizeof folder_field, .name = TEXT("folder"), .type = TRIGGERD_FIELD_STRING, .flags = TRIGGERD_FIELD_REQUIRED
};
static const triggerd_field secret_field = {
    .size = sizeof secret_field, .name = TEXT("secret"), .type = TRIGGERD_FIELD_STRING, .flags = TRIGGERD_FIELD_SECRET
};
static const triggerd_field text_field = {
    .size = sizeof text_field, .name = TEXT("text"), .type = TRIGGERD_FIELD_STRING, .flags = TRIGGERD_FIELD_TEMPLATE
};
static const triggerd_field *const settings[] = { &folder_field, &secret_field };
static const triggerd_field *const fields[] = { &text_field };

static const triggerd_value *member(const triggerd_value *object, const char *name) {
    for (uint32_t i = 0; i < object->count; i++) {
        const triggerd_member *found = &object->of.members[i];
        if (found->name.length == strlen(name) && !memcmp(found->name.bytes, name, found->name.length))
            return &found->value;
    }
    return NULL;
}

static char secret[256];

static void *start(const void *context, const triggerd_value *given, triggerd_reason *why) {
    (void)context;
    const triggerd_value *folder = member(given, "folder");
    if (!folder->count) {
        why->length = (size_t)snprintf(why->bytes, why->capacity, "folder is empty");
        return NULL;
    }
    instance *self = calloc(1, sizeof *self);
    memcpy(self->folder, folder->of.string, folder->count);
    const triggerd_value *found = member(given, "secret");
    if (found) memcpy(secret, found->of.string, found->count);
    return self;
}

static void read_word(instance *self, char *word, size_t size) {
    char path[600];
    snprintf(path, sizeof path, "%s/do", self->folder);
    FILE *file = fopen(path, "r");
    word[0] = 0;
    if (file == NULL) return;
    if (fgets(word, (int)size, file) == NULL) word[0] = 0;
    fclose(file);
    word[strcspn(word, "\n")] = 0;
}

static void end(triggerd_send send, const triggerd_message *message, const char *word) {
    char detail[400];
    snprintf(detail, sizeof detail, "as told: %s %s", word, secret);
    triggerd_outcome outcome = {
        .size = sizeof outcome, .result = TRIGGERD_ACCEPTED, .detail = { detail, strlen(detail) }
    };
    if (!strcmp(word, "later")) outcome.result = TRIGGERD_TRY_AGAIN;
    if (!strncmp(word, "down", 4)) {
        outcome.result = TRIGGERD_TRY_AGAIN;
        outcome.cause = TRIGGERD_UNAVAILABLE;
    }
    if (!strcmp(word, "hour")) {
        outcome.result = TRIGGERD_TRY_AGAIN;
        outcome.wait_ms = 3600 * 1000;
    }
    if (!strcmp(word, "refuse")) outcome.result = TRIGGERD_REFUSED;
    if (!strcmp(word, "unknown")) outcome.result = TRIGGERD_UNKNOWN;
    if (!strcmp(word, "dead") && message->address_count > 0) {
        outcome.dead_addresses = &message->addresses[0];
        outcome.dead_address_count = 1;
    }
    host->complete(send, &outcome);
}

static int says(const triggerd_message *message, const char *text) {
    for (size_t i = 0; i < message->field_count; i++)
        if (message->fields[i].value.count == strlen(text) &&
            !memcmp(message->fields[i].value.of.string, text, strlen(text)))
            return 1;
    return 0;
}

static void *crash(void *unused) {
    (void)unused;
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    abort();
}

static volatile int *volatile nowhere;

static int deep(volatile int *given) {
    volatile int room[1024];
    room[0] = *given + 1;
    return room[0] ? deep(room) + room[1] : 0;
}

static void *crash_soon(void *unused) {
    usleep(300 * 1000);
    return crash(unused);
}

static void *accept_late(void *given) {
    usleep(600 * 1000);
    triggerd_outcome outcome = { .size = sizeof outcome, .result = TRIGGERD_ACCEPTED };
    host->complete((triggerd_send)(uintptr_t)given, &outcome);
    return NULL;
}

static void send_message(void *context, triggerd_send send, const triggerd_message *message) {
    instance *self = context;
    char path[600], line[1200], word[64];
    int length = snprintf(line, sizeof line, "%.*s %.*s %u", (int)message->key.length, message->key.bytes,
                          (int)message->user.length, message->user.bytes, message->attempt);
    for (size_t i = 0; i < message->address_count; i++)
        length += snprintf(line + length, sizeof line - (size_t)length, " %.*s", (int)message->addresses[i].length,
                           message->addresses[i].bytes);
    line[length++] = '\n';
    snprintf(path, sizeof path, "%s/sends", self->folder);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, line, (size_t)length) != length) abort();
    close(file);
    pthread_t thread;
    if (says(message, "crash")) crash(NULL);
    if (says(message, "exit")) exit(3);
    if (says(message, "wild")) *nowhere = 1;
    if (says(message, "deep")) {
        int zero = 0;
        deep(&zero);
    }
    if (says(message, "crash soon")) {
        pthread_create(&thread, NULL, crash_soon, NULL);
        return;
    }
    if (says(message, "slow")) {
        pthread_create(&thread, NULL, accept_late, (void *)(uintptr_t)send);
        return;
    }
    read_word(self, word, sizeof word);
    if (!strcmp(word, "hang")) return;
    /* Blocks the thread that hands over, which no plug-in should. */
    if (!strcmp(word, "block")) sleep(3);
    if (!strcmp(word, "stuck")) sleep(1000);
    end(send, message, word[0] ? word : "accept");
}

static void nothing(void *context) {
    (void)context;
}

#define CHANNEL(given, policy)                                                                                        \
    {                                                                                                                 \
        .size = sizeof(triggerd_channel), .name = TEXT(given), .presentation = TRIGGERD_AT_ONCE, .concurrency = 8,     \
        .message_fields = fields, .message_field_count = 1, .setting_fields = settings, .setting_field_count = 2,      \
        .address_field = TEXT("push_tokens"), .consent_field = TEXT("push_subscription"), .start = start,             \
        .send = send_message, .drain = nothing, .stop = nothing, .unknown_policy = policy                             \
    }
static const triggerd_channel again = CHANNEL("scripted", TRIGGERD_SEND_AGAIN);
static const triggerd_channel once = CHANNEL("scripted_once", TRIGGERD_NEVER_AGAIN);
static const triggerd_channel *const channels[] = { &again, &once };

static const triggerd_module module = {
    .size = sizeof module, .needs_abi_minor = TRIGGERD_ABI_MINOR, .name = TEXT("scripted"), .version = TEXT("1"),
    .channels = channels, .channel_count = 2
};

const triggerd_module *triggerd_plugin_1(const triggerd_host *given, triggerd_reason *why) {
    (void)why;
    host = given;
    return &module;
}
