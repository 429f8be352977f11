/* Against the built daemon, $TRIGGERD, and against another end that misbehaves. Prints what is wrong. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport.h"

static int checks, failures;
#define CHECK(holds)                                                             \
    do {                                                                         \
        checks++;                                                                \
        if (!(holds)) failures++, printf("line %d: %s\n", __LINE__, #holds); \
    } while (0)

static const char campaigns[] =
    "campaigns:\n"
    "- campaign: abandoned-cart\n"
    "  trigger: {type: custom_event, event: add_to_cart, where: {property: cart_value, gte: 100}}\n"
    "  delay: 30m\n"
    "  re_eligibility: {after: 0s}\n"
    "  messages: [{channel: email, subject: x, body: x}]\n"
    "- campaign: welcome\n"
    "  trigger: {type: custom_event, event: signed_up}\n"
    "  messages: [{channel: in_app, title: \"Hello {{ event.name }}\"}]\n";

static char folder[] = "/tmp/triggerd-XXXXXX", address[64];
static pid_t daemon_process;

static void start_daemon(void) {
    int out[2];
    char socket_path[64], data[64], files[64], said[256];
    snprintf(socket_path, sizeof socket_path, "%s/s", folder);
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(files, sizeof files, "%s/campaigns", folder);
    if (pipe(out) != 0 || (daemon_process = fork()) < 0) exit(2);
    if (daemon_process == 0) {
        dup2(out[1], 1);
        close(out[0]);
        char *binary = getenv("TRIGGERD");
        execl(binary, binary, "serve", "--data", data, "--socket", socket_path, "--campaigns", files, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *lines = fdopen(out[0], "r");
    while (fgets(said, sizeof said, lines)) {
        if (strstr(said, "ready\n")) return; /* The pipe stays open as long as this program. */
    }
    printf("the daemon did not start\n");
    exit(2);
}

static void kill_daemon(void) {
    kill(daemon_process, SIGKILL);
    waitpid(daemon_process, NULL, 0);
}

static Triggerd__V1__Item *cart(const char *user) {
    Triggerd__V1__Item *item = triggerd_event(user, "add_to_cart");
    CHECK(triggerd_property_integer(item, "cart_value", 100));
    return item;
}

static int track(triggerd_client *client, Triggerd__V1__Item *item, triggerd_error *error) {
    Triggerd__V1__TrackReply *reply = triggerd_track(client, &item, 1, error);
    int result = reply ? (int)reply->items[0]->result : -1;
    triggerd_free(reply);
    triggerd_item_free(item);
    return result;
}

static void test_items(triggerd_client *client) {
    triggerd_error error = {0};
    Triggerd__V1__Item *items[] = {
        triggerd_purchase("k", "lamp", 0, "EUR"), triggerd_session_start("k", "phone"), triggerd_location("k", 0, 0),
        triggerd_update("k"), triggerd_event("k", "e"),
    };
    CHECK(triggerd_attribute_text(items[3], "country", "BE") && triggerd_attribute_remove(items[3], "city"));
    CHECK(triggerd_attribute_integer(items[3], "n", 1) && triggerd_attribute_decimal(items[3], "d", 0.5));
    CHECK(!triggerd_property_text(items[3], "a", "b"));
    CHECK(triggerd_property_boolean(items[4], "b", 1) && triggerd_property_decimal(items[0], "d", 1.5));
    triggerd_set_time(items[4], 0);
    Triggerd__V1__TrackReply *reply = triggerd_track(client, items, 5, &error);
    CHECK(reply && reply->n_items == 5);
    for (size_t i = 0; reply && i < 5; i++) CHECK(reply->items[i]->result == TRIGGERD__V1__ITEM_REPLY__RESULT__ACCEPTED);
    triggerd_free(reply);
    for (size_t i = 0; i < 5; i++) triggerd_item_free(items[i]);
}

static void test_ids(triggerd_client *client) {
    triggerd_error error = {0};
    for (int turn = 0; turn < 3; turn++) {
        Triggerd__V1__Item *item = triggerd_event("i", turn < 2 ? "e" : "other");
        CHECK(triggerd_set_id(item, "1"));
        int expected[] = {TRIGGERD__V1__ITEM_REPLY__RESULT__ACCEPTED, TRIGGERD__V1__ITEM_REPLY__RESULT__DUPLICATE, -1};
        CHECK(track(client, item, &error) == expected[turn]);
    }
    CHECK(error.code == TRIGGERD_ALREADY_EXISTS);
    CHECK(track(client, triggerd_event("", "e"), &error) == -1 && error.code == TRIGGERD_INVALID_ARGUMENT);
    CHECK(strstr(error.message, "items[0].user"));
    char *large = malloc((5 << 20) + 1);
    memset(large, 'x', 5 << 20);
    large[5 << 20] = 0;
    Triggerd__V1__Item *item = triggerd_event("l", "e");
    CHECK(triggerd_property_text(item, "a", large));
    free(large);
    CHECK(track(client, item, &error) == -1 && error.code == TRIGGERD_RESOURCE_EXHAUSTED && !error.sent);
}

static void test_inbox(triggerd_client *client) {
    triggerd_error error = {0};
    Triggerd__V1__Item *item = triggerd_event("in", "signed_up");
    CHECK(triggerd_property_text(item, "name", "Ada"));
    track(client, item, &error);
    track(client, triggerd_session_start("in", "phone"), &error);
    Triggerd__V1__LeaseReply *reply = triggerd_lease(client, "in", "phone", &error);
    CHECK(reply && reply->message && strcmp(reply->message->fields[0]->value->string, "Hello Ada") == 0);
    uint64_t token = reply && reply->message ? reply->message->token : 0;
    triggerd_free(reply);
    CHECK(triggerd_acknowledge(client, "in", token, "clicked", &error));
    CHECK(!triggerd_hold(client, "in", token, 1000, &error) && error.code == TRIGGERD_FAILED_PRECONDITION);
    Triggerd__V1__ExplainReply *why = triggerd_explain(client, "in", "welcome", 1, "", &error);
    CHECK(why && why->n_decisions == 1 && strcmp(why->decisions[0]->decision, "delivered") == 0);
    triggerd_free(why);
}

static void *start_later(void *nothing) {
    start_daemon();
    return nothing;
}

static void test_restart(void) {
    triggerd_error error = {0};
    triggerd_options hasty = {.timeout_ms = 200};
    triggerd_client *client = triggerd_open(address, NULL, &error), *other = triggerd_open(address, &hasty, &error);
    CHECK(track(client, cart("u"), &error) == 1 && track(other, cart("u"), &error) == 1);
    kill_daemon();
    CHECK(track(other, cart("u"), &error) == -1 && error.code == TRIGGERD_UNAVAILABLE);
    pthread_t thread;
    pthread_create(&thread, NULL, start_later, NULL);
    CHECK(track(client, cart("u"), &error) == 1);
    pthread_join(thread, NULL);
    Triggerd__V1__ExplainReply *why = triggerd_explain(client, "u", "", 0, "", &error);
    CHECK(why && why->n_decisions == 3);
    triggerd_free(why);
    triggerd_close(client);
    triggerd_close(other);
}

/* Another end: each request is answered with the next body, or the connection closed where its length is 0. */
typedef struct {
    int listener, count;
    struct {
        const char *bytes;
        size_t length;
    } answers[4];
    char bodies[4][256];
} server;

static void *serve(void *what) {
    server *at = what;
    for (int connection = -1, turn = 0; turn < at->count; turn++) {
        uint32_t header[3] = {0};
        if (connection < 0) connection = accept(at->listener, NULL, NULL);
        if (recv(connection, header, 10, MSG_WAITALL) != 10) break;
        recv(connection, at->bodies[turn], ntohl(header[0]), MSG_WAITALL);
        if (at->answers[turn].length == 0) {
            close(connection);
            connection = -1;
            continue;
        }
        header[0] = htonl((uint32_t)at->answers[turn].length);
        ((char *)header)[8] = 2;
        send(connection, header, 10, MSG_NOSIGNAL);
        send(connection, at->answers[turn].bytes, at->answers[turn].length, MSG_NOSIGNAL);
    }
    return NULL;
}

static triggerd_client *against(server *at, const triggerd_options *options, pthread_t *thread) {
    static int number;
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    char text[128];
    snprintf(place.sun_path, sizeof place.sun_path, "%s/other-%d", folder, number++);
    at->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(at->listener, (struct sockaddr *)&place, sizeof place) || listen(at->listener, 4)) exit(2);
    pthread_create(thread, NULL, serve, at);
    snprintf(text, sizeof text, "unix:%s", place.sun_path);
    return triggerd_open(text, options, NULL);
}

static void end(server *at, triggerd_client *client, pthread_t thread) {
    triggerd_close(client);
    pthread_join(thread, NULL);
    close(at->listener);
}

#define ACCEPTED {"\x12\x04\x0a\x02\x08\x01", 6}
#define REFUSED(code) {"\x0a\x02\x08" code, 4}

static void test_retries(void) {
    pthread_t thread;
    triggerd_error error = {0};
    server lost = {.count = 2, .answers = {{NULL, 0}, ACCEPTED}};
    triggerd_client *client = against(&lost, NULL, &thread);
    CHECK(track(client, triggerd_event("u", "e"), &error) == 1);
    end(&lost, client, thread);
    /* The same id: what follows is the time that is left. */
    CHECK(memcmp(lost.bodies[0], lost.bodies[1], 70) == 0);

    server full = {.count = 3, .answers = {REFUSED("\x08"), REFUSED("\x0e"), ACCEPTED}};
    client = against(&full, NULL, &thread);
    CHECK(track(client, triggerd_event("u", "e"), &error) == 1);
    end(&full, client, thread);

    server once = {.count = 1};
    client = against(&once, NULL, &thread);
    CHECK(!triggerd_acknowledge(client, "u", 1, "", &error) && error.code == TRIGGERD_UNAVAILABLE && error.sent);
    end(&once, client, thread);

    triggerd_options hasty = {.timeout_ms = 100, .token = "abc"};
    server asks = {.count = 1, .answers = {REFUSED("\x10")}};
    client = against(&asks, &hasty, &thread);
    CHECK(!triggerd_health(client, &error) && error.code == TRIGGERD_UNAUTHENTICATED);
    CHECK(memmem(asks.bodies[0], 256, "\x0a\x0d" "authorization\x12\x0a" "Bearer abc", 27) != NULL);
    CHECK(!triggerd_health(client, &error) && error.code == TRIGGERD_DEADLINE_EXCEEDED);
    end(&asks, client, thread);
}

static void test_addresses(void) {
    triggerd_error error = {0};
    triggerd_address read;
    CHECK(triggerd_address_parse("tcp://[::1]:80", &read, &error) && read.door == DOOR_TCP && strcmp(read.host, "::1") == 0);
    triggerd_address_clear(&read);
    CHECK(triggerd_address_parse("tls://h:443", &read, &error) && read.door == DOOR_TLS && strcmp(read.port, "443") == 0);
    triggerd_address_clear(&read);
    const char *wrong[] = {"", "unix:", "/run/s", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536", "http://h:80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(triggerd_open(wrong[i], NULL, &error) == NULL && error.code == TRIGGERD_INVALID_ARGUMENT);
    }
    triggerd_options token = {.token = "abc"};
    CHECK(triggerd_open("tcp://192.0.2.1:7000", &token, &error) == NULL);
    triggerd_close(triggerd_open("tcp://127.0.0.1:7000", &token, &error));
}

int main(void) {
    char path[64];
    if (!mkdtemp(folder)) return 2;
    snprintf(path, sizeof path, "%s/campaigns", folder);
    mkdir(path, 0755);
    strcat(path, "/all.yaml");
    FILE *file = fopen(path, "w");
    fputs(campaigns, file);
    fclose(file);
    snprintf(address, sizeof address, "unix:%s/s", folder);
    start_daemon();

    triggerd_client *client = triggerd_open(address, NULL, NULL);
    test_items(client);
    test_ids(client);
    test_inbox(client);
    triggerd_close(client);
    test_restart();
    test_retries();
    test_addresses();

    kill_daemon();
    snprintf(path, sizeof path, "rm -r %s", folder);
    if (system(path) != 0) return 2;
    printf("%d passed, %d failed\n", checks - failures, failures);
    return failures != 0;
}
