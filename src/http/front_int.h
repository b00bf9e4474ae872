/* http/front_int.h - one peer's connection through TLS; private to front.c and front_link.c. */
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>

#include "http/front.h"

enum {
    PART_BYTES = 16384, /* the most a record of TLS holds (RFC 8446 5.1) */
    TURNS = 8,          /* records of one connection before another's turn */
    PAIR_BYTES = 65536, /* under way between us and libmicrohttpd, each way */
    SHAKE_S = 30,       /* from the connection to the end of the handshake */
    LINGER_S = 5,       /* for the peer to take our last bytes and hang up */
    STUCK_S = 60,       /* without any of our last bytes taken */
};

enum stage {
    STAGE_KNOCK,  /* nothing came yet */
    STAGE_SHAKE,  /* the handshake goes on */
    STAGE_OPEN,
    STAGE_LINGER, /* we said our last; what still comes is thrown away, so that no reset overtakes it */
    STAGE_OVER,   /* to be freed */
};

/* Bytes that could not go on yet. */
struct part {
    size_t at, n;
    char p[PART_BYTES];
};

struct link;
/* One socket of a link, as epoll knows it. */
struct side {
    struct link *link;
    int fd; /* -1: none */
    uint32_t events; /* that are waited for; 0: it is not with epoll */
};

struct link {
    struct link *prev, *next;
    struct side peer; /* who connected */
    struct side ours; /* libmicrohttpd, from the handshake on */
    SSL *ssl;
    enum stage stage;
    struct part *up;   /* for ours; NULL: nothing waits */
    struct part *down; /* for the peer; NULL: nothing waits */
    bool up_ended;     /* the peer said that it sends no more */
    bool down_ended;   /* libmicrohttpd closed */
    bool shake_out;    /* OpenSSL wants to write before it goes on */
    uint64_t since_s;  /* begin of the stage, or when the peer last took a byte, or the answer ended */
    struct sockaddr_storage at; /* the peer's address */
    socklen_t at_size;
};

/* One thread of the front. */
struct front_io {
    struct front *f;
    struct worker *w;
    struct os_thread thread;
    bool started;
    int epoll;
    int wake;      /* eventfd */
    struct side listen;
    struct link *links;
    struct link *over;
    unsigned n_links;
    char scratch[PART_BYTES];
};

/* gives an SSL for a new connection, NULL when there is none. */
SSL *front_ssl(struct front *f);
bool front_takes(const struct front *f);

/* front_link.c: as far as it goes now. A link at STAGE_OVER is to be freed. */
void link_go_on(struct front_io *io, struct link *k, uint64_t now_s);
/* What came and went without end is ended. */
void link_watch(struct link *k, uint64_t now_s);
/* What epoll is to tell of each side now. */
uint32_t link_peer_events(const struct link *k);
uint32_t link_ours_events(const struct link *k);
