/* A plug-in by a stranger: the trigger type `greeting`, which hears the custom event `hello` that says "bonjour",
 * and the channel `log`, which accepts everything from a thread of its own. Nothing but the installed header. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <triggerd/plugin.h>

#define TEXT(literal) { literal, sizeof literal - 1 }

static const triggerd_host *host;

static void *compile(const void *context, const triggerd_value *configuration, triggerd_reason *why) {
    (void)context;
    for (uint32_t i = 0; i < configuration->count; i++) {
        const triggerd_member *member = &configuration->of.members[i];
        if (member->value.kind != TRIGGERD_STRING || member->value.count > 32) {
            const char reason[] = "word: at most 32 bytes";
            memcpy(why->bytes, reason, why->length = sizeof reason - 1);
            return NULL;
        }
        char *word = calloc(1, 33);
        memcpy(word, member->value.of.string, member->value.count);
        return word;
    }
    return NULL;
}
static size_t subjects(const void *compiled, triggerd_subject *into, size_t capacity) {
    (void)compiled;
    if (capacity) into[0] = (triggerd_subject){ TEXT("custom_event"), TEXT("hello") };
    return 1;
}
static bool matches(const void *compiled, const triggerd_event *event) {
    const triggerd_value *properties = event->properties(event);
    for (uint32_t i = 0; i < properties->count; i++) {
        const triggerd_value *value = &properties->of.members[i].value;
        if (value->kind == TRIGGERD_STRING && value->count == strlen(compiled) &&
            !memcmp(value->of.string, compiled, value->count))
            return true;
    }
    return false;
}

static const triggerd_field word = {
    .size = sizeof word, .name = TEXT("word"), .type = TRIGGERD_FIELD_STRING, .flags = TRIGGERD_FIELD_REQUIRED
};
static const triggerd_field *const trigger_fields[] = { &word };
static const triggerd_trigger_type greeting = {
    .size = sizeof greeting, .name = TEXT("greeting"), .fields = trigger_fields, .field_count = 1,
    .compile = compile, .subjects = subjects, .matches = matches, .destroy = free
};

static void *complete(void *send) {
    triggerd_outcome outcome = {
        .size = sizeof outcome, .result = TRIGGERD_ACCEPTED, .detail = TEXT("from a thread")
    };
    triggerd_send handle = *(triggerd_send *)send;
    free(send);
    host->complete(handle, &outcome);
    if (host->complete(handle, &outcome) != TRIGGERD_UNKNOWN_SEND) abort(); /* twice is an error, not a fault */
    return NULL;
}
static void *start(const void *context, const triggerd_value *settings, triggerd_reason *why) {
    (void)context;
    (void)settings;
    (void)why;
    return (void *)&word;
}
static void send_one(void *instance, triggerd_send send, const triggerd_message *message) {
    (void)instance;
    (void)message;
    triggerd_send *copy = malloc(sizeof *copy);
    *copy = send;
    pthread_t thread;
    pthread_create(&thread, NULL, complete, copy);
    pthread_detach(thread);
}
static void nothing(void *instance) { (void)instance; }

static const triggerd_field text = {
    .size = sizeof text, .name = TEXT("text"), .type = TRIGGERD_FIELD_STRING,
    .flags = TRIGGERD_FIELD_REQUIRED | TRIGGERD_FIELD_TEMPLATE
};
static const triggerd_field extra = {
    .size = sizeof extra, .name = TEXT("extra"), .type = TRIGGERD_FIELD_ANY, .flags = TRIGGERD_FIELD_TEMPLATE
};
static const triggerd_field *const message_fields[] = { &text, &extra };
static const triggerd_channel log_channel = {
    .size = sizeof log_channel, .name = TEXT("log"), .presentation = TRIGGERD_AT_ONCE, .concurrency = 4,
    .message_fields = message_fields, .message_field_count = 2, .start = start, .send = send_one, .drain = nothing,
    .stop = nothing
};

static const triggerd_trigger_type *const types[] = { &greeting };
static const triggerd_channel *const channels[] = { &log_channel };
static const triggerd_module module = {
    .size = sizeof module, .name = TEXT("greeting"), .version = TEXT("0.1"), .trigger_types = types,
    .trigger_type_count = 1, .channels = channels, .channel_count = 1
};

const triggerd_module *triggerd_plugin_1(const triggerd_host *given, triggerd_reason *why) {
    (void)why;
    host = given;
    return &module;
}
