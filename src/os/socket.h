/* os/socket.h - TCP: a listening socket; connections a thread of their own serves, with waits that end. */
#pragma once

#include "base/req.h"

enum { OS_PEER_MAX = 46 }; /* bytes of an address as text, its NUL counted */

/* Listens on an IPv4 or IPv6 address given as text, or "unix:/path": a socket there, for programs of this
 * machine whose user is of our group (mode 0660). One that nobody listens on any more is replaced.
 *
 * port     0: any free one; of no meaning for a path, where *ret_port is 0
 * gives    *ret_fd, not blocking (os_close), and the port
 * errors   E_BAD_INPUT  no address; E_CONFLICT  somebody listens there; E_IO */
MUST_USE enum err os_listen(struct req *rq, const char *address, uint16_t port, int *ret_fd,
                            uint16_t *ret_port);
/* An address of IPv4 or IPv6 as text in its 4 or 16 bytes, in the order of the net; of IPv4 within IPv6 (RFC
 * 4291 2.5.5.2) the 4. Gives how many, 0: no address. */
size_t os_address(const char *text, uint8_t ret_raw[16]);
/* Removes what os_listen() made of a path; an address leaves nothing. */
void os_listen_end(const char *address);
/* A peer that waits to be served; false when none came in wait_ms, or the system has no room for one.
 * Small answers are sent at once (TCP_NODELAY).
 *
 * gives    *ret_fd (os_close) and the peer's address */
MUST_USE bool os_accept(int listen_fd, uint32_t wait_ms, int *ret_fd, char ret_peer[OS_PEER_MAX]);

/* Connects to "unix:/path", or to "ADDRESS:PORT" with an IPv4 address or an IPv6 one in brackets; names are
 * not looked up.
 *
 * gives    *ret_fd, not blocking (os_close)
 * errors   E_BAD_INPUT  no such form; E_IO  nobody answers there within wait_ms */
MUST_USE enum err os_connect(struct req *rq, struct str to, uint32_t wait_ms, int *ret_fd);
/* Whether os_connect() can read it. */
bool os_connect_may(struct str to);

enum os_got {
    OS_GOT_BYTES,
    OS_GOT_NOTHING, /* in wait_ms */
    OS_GOT_END,     /* the peer closed, or the line broke */
};
/* At most size bytes, as soon as there are any. */
MUST_USE enum os_got os_recv(int fd, void *p, size_t size, uint32_t wait_ms, size_t *ret_n);
/* All bytes; false when the line broke or the peer did not take them all in wait_ms. */
MUST_USE bool os_send(int fd, const void *p, size_t n, uint32_t wait_ms);
