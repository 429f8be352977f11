#define _GNU_SOURCE
#include "unix_sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

static int address(const uint8_t *path, size_t length, struct sockaddr_un *to, socklen_t *size) {
    if (!length || length >= sizeof to->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, path, length);
    /* An abstract name is as long as it is; a path ends with its NUL. */
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] ? 1 : 0));
    return 0;
}

int unix_socket_bind(const uint8_t *path, size_t length) {
    struct sockaddr_un to;
    socklen_t size;
    if (address(path, length, &to, &size)) return -1;
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) return -1;
    mode_t before = umask(0177);
    int bound = bind(made, (struct sockaddr *)&to, size);
    int why = errno;
    umask(before);
    if (bound) {
        close(made);
        errno = why;
        return -1;
    }
    return made;
}

int32_t unix_socket_owner(const uint8_t *path, size_t length) {
    struct sockaddr_un to;
    socklen_t size;
    if (address(path, length, &to, &size)) return -1;
    int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made < 0) return -1;
    int32_t pid = 0;
    uint32_t uid, gid;
    if (!connect(made, (struct sockaddr *)&to, size)) {
        if (unix_socket_peer(made, &pid, &uid, &gid)) pid = -1;
    } else if (errno != ECONNREFUSED && errno != ENOENT) {
        pid = -1;
    }
    int why = errno;
    close(made);
    errno = why;
    return pid;
}

int unix_socket_peer(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size)) return -1;
    *pid = peer.pid;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int unix_socket_give(const uint8_t *path, size_t length, uint32_t owner, uint32_t group, uint32_t mode) {
    struct sockaddr_un to;
    socklen_t size;
    if (address(path, length, &to, &size)) return -1;
    if ((owner != UINT32_MAX || group != UINT32_MAX) && chown(to.sun_path, owner, group)) return -1;
    /* After chown, which takes some bits of a mode away. */
    return chmod(to.sun_path, mode);
}

int unix_socket_peer_groups(int socket, uint32_t *groups, int most) {
    socklen_t size = (socklen_t)most * sizeof *groups;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size)) return -1;
    return (int)(size / sizeof *groups);
}
