/* What Swift cannot say of Unix sockets: addresses whose length counts, and struct ucred. */
#ifndef TRIGGERD_UNIX_SOCKETS_H
#define TRIGGERD_UNIX_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

/* A socket bound to the path, mode 0600; a path that begins with NUL is an abstract address. -1 with errno. */
int unix_socket_bind(const uint8_t *path, size_t length);

/* The process that listens at the path: its pid, 0 where nobody does, -1 with errno. */
int32_t unix_socket_owner(const uint8_t *path, size_t length);

/* Who is at the other end of a connected socket; 0, or -1 with errno. */
int unix_socket_peer(int socket, int32_t *pid, uint32_t *uid, uint32_t *gid);

/* Sets owner, group (UINT32_MAX: as they are) and mode of the file of a bound socket; 0, or -1 with errno. */
int unix_socket_give(const uint8_t *path, size_t length, uint32_t owner, uint32_t group, uint32_t mode);

/* The groups that the process at the other end has beside its first: how many, or -1 with errno. */
int unix_socket_peer_groups(int socket, uint32_t *groups, int most);

#endif
