/* Sends pushes through the built plug-in, as the host would, and says how many a second.
 *
 *   push PLUGIN.so SETTINGS.json TOKENS COUNT IN_FLIGHT
 *
 * SETTINGS holds a line `name<TAB>value` for each setting, with \n for a line break and \\ for a backslash; TOKENS a
 * token a line, used in turn. Prints the pushes a second, those accepted, the microseconds of CPU
 * that each cost this process, and the connections that are open at the end.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "triggerd/plugin.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long completed, begun, most;
static long results[6];
static char example[512];

static triggerd_text text(const char *bytes) {
    return (triggerd_text){.bytes = bytes, .length = strlen(bytes)};
}

static void log_line(uint32_t level, triggerd_text line) {
    fprintf(stderr, "%u %.*s\n", level, (int)line.length, line.bytes);
}

static uint32_t complete(triggerd_send send, const triggerd_outcome *outcome) {
    (void)send;
    pthread_mutex_lock(&lock);
    completed++;
    if (outcome->result < 6) results[outcome->result]++;
    if (outcome->result != TRIGGERD_ACCEPTED && example[0] == 0)
        snprintf(example, sizeof example, "%.*s", (int)outcome->detail.length, outcome->detail.bytes);
    if (begun - completed <= most / 2 || completed == begun) pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return TRIGGERD_COMPLETED;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Sockets of this process that have another end on a network. */
static int connections(void) {
    int found = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
            (peer.ss_family == AF_INET || peer.ss_family == AF_INET6))
            found++;
    }
    return found;
}

static char *read_line(FILE *file) {
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, file);
    if (length < 0) {
        free(line);
        return NULL;
    }
    if (length > 0 && line[length - 1] == '\n') line[length - 1] = 0;
    return line;
}

static void unescape(char *value) {
    char *to = value;
    for (const char *from = value; *from; from++) {
        if (from[0] == '\\' && (from[1] == 'n' || from[1] == '\\')) {
            *to++ = from[1] == 'n' ? '\n' : '\\';
            from++;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
}

static triggerd_value string_value(const char *value) {
    return (triggerd_value){.kind = TRIGGERD_STRING, .count = (uint32_t)strlen(value), .of.string = value};
}

int main(int count, char **arguments) {
    if (count != 6) {
        fprintf(stderr, "push PLUGIN.so SETTINGS TOKENS COUNT IN_FLIGHT\n");
        return 2;
    }
    long total = atol(arguments[4]);
    most = atol(arguments[5]);
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    triggerd_entry entry = library ? (triggerd_entry)dlsym(library, TRIGGERD_ENTRY_SYMBOL) : NULL;
    if (entry == NULL) {
        fprintf(stderr, "%s: %s\n", arguments[1], dlerror());
        return 1;
    }
    static const triggerd_host host = {
        .size = sizeof host, .abi_minor = TRIGGERD_ABI_MINOR, .log = log_line, .complete = complete};
    char room[1024];
    triggerd_reason why = {.size = sizeof why, .bytes = room, .capacity = sizeof room};
    const triggerd_module *module = entry(&host, &why);
    if (module == NULL) {
        fprintf(stderr, "%.*s\n", (int)why.length, room);
        return 1;
    }
    const triggerd_channel *channel = module->channels[0];

    triggerd_member settings[16];
    uint32_t setting_count = 0;
    FILE *file = fopen(arguments[2], "r");
    for (char *line; file && setting_count < 16 && (line = read_line(file)) != NULL;) {
        char *value = strchr(line, '\t');
        if (value == NULL) continue;
        *value++ = 0;
        unescape(value);
        triggerd_value is_true = {.kind = TRIGGERD_BOOLEAN, .of.boolean = true};
        settings[setting_count++] =
            (triggerd_member){.name = text(line), .value = strcmp(value, "true") ? string_value(value) : is_true};
    }
    triggerd_value object = {.kind = TRIGGERD_OBJECT, .count = setting_count, .of.members = settings};
    void *instance = channel->start(channel->context, &object, &why);
    if (instance == NULL) {
        fprintf(stderr, "%.*s\n", (int)why.length, room);
        return 1;
    }

    triggerd_text tokens[1024];
    size_t token_count = 0;
    file = fopen(arguments[3], "r");
    for (char *line; file && token_count < 1024 && (line = read_line(file)) != NULL;)
        tokens[token_count++] = text(line);
    if (token_count == 0) {
        fprintf(stderr, "no token\n");
        return 1;
    }
    triggerd_member fields[] = {
        {.name = text("title"), .value = string_value("Your cart is waiting")},
        {.name = text("body"), .value = string_value("Two things that you liked are still in it: have another look.")},
        {.name = text("url"), .value = string_value("https://shop.example.com/cart")},
    };
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    double began = seconds(), cpu = cpu_seconds();
    for (long i = 0; i < total; i++) {
        pthread_mutex_lock(&lock);
        while (begun - completed >= most) pthread_cond_wait(&changed, &lock);
        begun++;
        pthread_mutex_unlock(&lock);
        char key[32], user[32];
        snprintf(key, sizeof key, "bench-%ld", i);
        snprintf(user, sizeof user, "u%ld", i);
        triggerd_message message = {
            .size = sizeof message,
            .key = text(key),
            .campaign = text("cart"),
            .user = text(user),
            .addresses = &tokens[i % (long)token_count],
            .address_count = 1,
            .fields = fields,
            .field_count = sizeof fields / sizeof *fields,
            .deadline_ms = (int64_t)wall.tv_sec * 1000 + 600000,
            .attempt = 1,
        };
        channel->send(instance, (triggerd_send)i, &message);
    }
    channel->drain(instance);
    double took = seconds() - began;
    printf("%7.0f/s, %ld of %ld accepted, %.1f us of CPU each, connections: %d\n", total / took,
        results[TRIGGERD_ACCEPTED], total, (cpu_seconds() - cpu) / total * 1e6, connections());
    if (example[0]) printf("  others, as: %s\n", example);
    channel->stop(instance);
    return results[TRIGGERD_ACCEPTED] == total ? 0 : 1;
}
