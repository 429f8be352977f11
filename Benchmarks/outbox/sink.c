/* A channel that takes every message at once: what the daemon alone costs, from the event to the outcome.
 * It prints how many it took, and how many a second, when it is stopped. */
#include <triggerd/plugin.h>

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static const triggerd_host *host;
static atomic_long taken;
static struct timespec first, last;

#define TEXT(literal) { literal, sizeof literal - 1 }

static const triggerd_field text_field = {
    .size = sizeof text_field, .name = TEXT("text"), .type = TRIGGERD_FIELD_STRING, .flags = TRIGGERD_FIELD_TEMPLATE
};
static const triggerd_field *const fields[] = { &text_field };

static void *start(const void *context, const triggerd_value *settings, triggerd_reason *why) {
    (void)context, (void)settings, (void)why;
    return &taken;
}

static void take(void *context, triggerd_send send, const triggerd_message *message) {
    (void)context, (void)message;
    if (atomic_fetch_add(&taken, 1) == 0) clock_gettime(CLOCK_MONOTONIC, &first);
    clock_gettime(CLOCK_MONOTONIC, &last);
    triggerd_outcome outcome = { .size = sizeof outcome, .result = TRIGGERD_ACCEPTED, .detail = TEXT("") };
    host->complete(send, &outcome);
}

static void drain(void *context) {
    (void)context;
}

static void stop(void *context) {
    (void)context;
    double seconds = (double)(last.tv_sec - first.tv_sec) + (double)(last.tv_nsec - first.tv_nsec) / 1e9;
    printf("sink: %ld messages, %.0f a second\n", taken, seconds > 0 ? (double)taken / seconds : 0);
    fflush(stdout);
}

static const triggerd_channel channel = {
    .size = sizeof channel, .name = TEXT("sink"), .presentation = TRIGGERD_AT_ONCE, .concurrency = 256,
    .message_fields = fields, .message_field_count = 1, .start = start, .send = take, .drain = drain, .stop = stop
};
static const triggerd_channel *const channels[] = { &channel };

static const triggerd_module module = {
    .size = sizeof module, .needs_abi_minor = TRIGGERD_ABI_MINOR, .name = TEXT("sink"), .version = TEXT("1"),
    .channels = channels, .channel_count = 1
};

const triggerd_module *triggerd_plugin_1(const triggerd_host *given, triggerd_reason *why) {
    (void)why;
    host = given;
    return &module;
}
