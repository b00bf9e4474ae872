/* bench_bare.c - what this machine lets any server reach in STOW: it receives instances, hashes and
 * writes them while the sender goes on, syncs the files and their folder side by side, and answers.
 * It keeps no index and no record, and reads no DICOM.
 *
 * bench_bare FOLDER PART_BYTES: listens on a port of 127.0.0.1 and prints it. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW = 256 * 1024, PARTS_MAX = 64, HANDS = 8 };

struct server {
    const char *dir;
    int dir_fd;
    size_t part; /* bytes of an instance, about: a body is cut at multiples of it */
    atomic_ulong files;
};

struct caller {
    struct server *s;
    int fd;
};

struct syncs {
    int fds[PARTS_MAX + 1];
    int n;
    atomic_int next;
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void *sync_some(void *ctx)
{
    struct syncs *w = ctx;
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->n;) {
        must(fsync(w->fds[i]) == 0, "fsync");
    }
    return NULL;
}

static void sync_all(struct syncs *w)
{
    pthread_t hands[HANDS];
    int n = w->n < HANDS ? w->n : HANDS;
    for (int i = 1; i < n; i++) {
        must(pthread_create(&hands[i], NULL, sync_some, w) == 0, "thread");
    }
    sync_some(w);
    for (int i = 1; i < n; i++) {
        pthread_join(hands[i], NULL);
    }
}

static int file_new(struct server *s)
{
    char name[32];
    snprintf(name, sizeof name, "%lu", atomic_fetch_add(&s->files, 1));
    int fd = openat(s->dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    must(fd >= 0, "file");
    return fd;
}

/* The head of a request; the bytes after it are moved to the front. False: the caller left. */
static int head(int fd, char *b, size_t *ret_have, size_t *ret_length)
{
    size_t have = 0;
    char *end = NULL;
    while (end == NULL) {
        ssize_t n = have < WINDOW - 1 ? recv(fd, b + have, WINDOW - 1 - have, 0) : 0;
        if (n <= 0) {
            return 0;
        }
        have += (size_t)n;
        b[have] = '\0';
        end = strstr(b, "\r\n\r\n");
    }
    const char *length = strcasestr(b, "content-length:");
    must(length != NULL, "no length");
    *ret_length = strtoul(length + 15, NULL, 10);
    *ret_have = have - (size_t)(end + 4 - b);
    memmove(b, end + 4, *ret_have);
    return 1;
}

/* The body into files; the last takes what is left. */
static int body(struct caller *c, char *b, size_t have, size_t length, struct syncs *w)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char sha[32];
    size_t parts = length / c->s->part < 1 ? 1 : length / c->s->part;
    size_t each = length / parts;
    size_t got = 0;
    size_t in_file = 0;
    must(parts <= PARTS_MAX, "parts");
    while (got < length) {
        if (have == 0) {
            ssize_t n = recv(c->fd, b, WINDOW, 0);
            if (n <= 0) {
                break;
            }
            have = (size_t)n;
        }
        for (size_t at = 0; at < have;) {
            if (in_file == 0) {
                w->fds[w->n++] = file_new(c->s);
                EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
            }
            size_t room = w->n < (int)parts ? each - in_file : have;
            size_t n = have - at < room ? have - at : room;
            EVP_DigestUpdate(hash, b + at, n);
            must(write(w->fds[w->n - 1], b + at, n) == (ssize_t)n, "write");
            in_file += n;
            at += n;
            got += n;
            if (w->n < (int)parts && in_file == each) {
                EVP_DigestFinal_ex(hash, sha, NULL);
                sync_file_range(w->fds[w->n - 1], 0, 0, SYNC_FILE_RANGE_WRITE);
                in_file = 0;
            }
        }
        have = 0;
    }
    EVP_DigestFinal_ex(hash, sha, NULL);
    EVP_MD_CTX_free(hash);
    return got == length;
}

static void answer(int fd, int parts)
{
    static const char item[] = "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]}}";
    char text[PARTS_MAX * sizeof item + 256];
    char whole[sizeof text + 256];
    int n = snprintf(text, sizeof text, "{\"00081199\":{\"vr\":\"SQ\",\"Value\":[");
    for (int i = 0; i < parts; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%s", i > 0 ? "," : "", item);
    }
    n += snprintf(text + n, sizeof text - (size_t)n, "]}}");
    n = snprintf(whole, sizeof whole,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 n, text);
    must(send(fd, whole, (size_t)n, MSG_NOSIGNAL) == n, "send");
}

static void *serve(void *ctx)
{
    struct caller *c = ctx;
    char *b = malloc(WINDOW);
    size_t have;
    size_t length;
    must(b != NULL, "memory");
    while (head(c->fd, b, &have, &length)) {
        struct syncs w = {.n = 0};
        int whole = body(c, b, have, length, &w);
        int parts = w.n;
        w.fds[w.n++] = c->s->dir_fd;
        sync_all(&w);
        for (int i = 0; i < parts; i++) {
            close(w.fds[i]);
        }
        if (!whole) {
            break;
        }
        answer(c->fd, parts);
    }
    close(c->fd);
    free(b);
    free(c);
    return NULL;
}

int main(int argc, char **argv)
{
    must(argc == 3, "FOLDER PART_BYTES");
    struct server s = {.dir = argv[1], .part = strtoul(argv[2], NULL, 10)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s.dir_fd = open(s.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(s.dir_fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 && listen(fd, 64) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&at, &n) == 0, "port");
    printf("%u\n", (unsigned)ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        struct caller *c = malloc(sizeof *c);
        pthread_t t;
        must(c != NULL, "memory");
        *c = (struct caller){.s = &s, .fd = accept(fd, NULL, NULL)};
        must(c->fd >= 0 && pthread_create(&t, NULL, serve, c) == 0, "caller");
        pthread_detach(t);
    }
}
