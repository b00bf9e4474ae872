/* care/spray.c - counting failed logins by address. See spray.h. */
#include "care/spray.h"

#include "care/account.h"
#include "care/care.h"
#include "care/device.h"
#include "os/socket.h"
#include "os/thread.h"
#include "store/db.h"

enum { SETS = 128, WAYS = 4 };

struct place {
    uint64_t key;      /* hash of the address; 0: free */
    int64_t since_ms;  /* its hour began */
    int64_t until_ms;  /* it waits until then */
    int64_t seen_ms;   /* of its last failure: the one longest ago gives way */
    uint32_t rounds;   /* waits of this hour */
    uint32_t n;
    uint32_t logins[SPRAY_LOGINS]; /* hashes */
};

struct spray {
    struct os_mutex lock;
    int64_t since_ms; /* the hour of all */
    uint32_t n_all;
    uint64_t n_waits; /* since the start */
    struct place places[SETS * WAYS];
};

struct spray *spray_new(void)
{
    struct spray *s = os_alloc(1, sizeof *s);
    os_mutex_init(&s->lock);
    return s;
}

void spray_free(struct spray *s)
{
    if (s != NULL) {
        os_mutex_done(&s->lock);
        os_free(s);
    }
}

/* What is counted as one: an address of IPv4, a network of 64 bits of IPv6. 0: not known, and the machine
 * itself, where a proxy may speak for everybody. */
static uint64_t key_of(struct req *rq)
{
    uint8_t raw[16];
    size_t n = os_address(rq->peer, raw);
    if (n == 0 || device_place(str_z(rq->peer)) == PLACE_HERE) {
        return 0;
    }
    uint64_t key = db_hash(rq->db, (struct str){(const char *)raw, n == 16 ? 8 : n});
    return key != 0 ? key : 1;
}

/* Case does not count. False: letters that no login has, as of a keyboard in another language. */
static bool login_of(struct req *rq, struct str login, uint32_t *ret_hash)
{
    char low[LOGIN_MAX + 1];
    size_t n = MIN(login.n, sizeof low); /* longer ones are nobody's, and one */
    for (size_t i = 0; i < n; i++) {
        char c = login.p[i];
        if ((unsigned char)c >= 0x80) {
            return false;
        }
        low[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    *ret_hash = (uint32_t)db_hash(rq->db, (struct str){low, n});
    return true;
}

static struct place *find(struct spray *s, uint64_t key)
{
    struct place *set = &s->places[key % SETS * WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
    }
    return NULL;
}

/* The place of an address, in that of the one longest silent. */
static struct place *take(struct spray *s, uint64_t key, int64_t now)
{
    struct place *p = find(s, key);
    if (p == NULL) {
        p = &s->places[key % SETS * WAYS];
        for (size_t i = 1; i < WAYS; i++) {
            struct place *other = &s->places[key % SETS * WAYS + i];
            p = other->key == 0 || (p->key != 0 && other->seen_ms < p->seen_ms) ? other : p;
        }
        *p = (struct place){.key = key, .since_ms = now};
    }
    if (now < p->since_ms || now - p->since_ms >= SPRAY_WINDOW_MS) {
        *p = (struct place){.key = key, .since_ms = now, .until_ms = p->until_ms};
    }
    p->seen_ms = now;
    return p;
}

/* A clock that went back makes nobody wait longer. */
static int64_t waits(const struct place *p, int64_t now)
{
    int64_t ms = p->until_ms - now;
    return ms > 0 && ms <= SPRAY_WAIT_MOST_MS ? ms : 0;
}

int64_t spray_wait(struct req *rq)
{
    struct spray *s = care_of(rq)->spray;
    uint64_t key = s != NULL ? key_of(rq) : 0;
    int64_t ms = 0;
    if (key == 0) {
        return 0;
    }
    os_lock(&s->lock);
    const struct place *p = find(s, key);
    if (p != NULL) {
        ms = waits(p, rq->now.ms);
    }
    os_unlock(&s->lock);
    return ms;
}

static size_t place_of(const struct place *p, uint32_t login)
{
    size_t at = 0;
    while (at < p->n && p->logins[at] != login) {
        at++;
    }
    return at;
}

static void count(struct spray *s, struct place *p, uint32_t login, int64_t now)
{
    if (now < s->since_ms || now - s->since_ms >= SPRAY_WINDOW_MS) {
        s->since_ms = now;
        s->n_all = 0;
    }
    if (place_of(p, login) < p->n) {
        return;
    }
    s->n_all++;
    if (p->n < SPRAY_LOGINS) {
        p->logins[p->n++] = login;
    }
    if (p->n >= (s->n_all > SPRAY_ALL ? SPRAY_FEW : SPRAY_LOGINS)) {
        int64_t ms = SPRAY_WAIT_MS;
        for (uint32_t i = 0; i < p->rounds && ms < SPRAY_WAIT_MOST_MS; i++) {
            ms *= 2;
        }
        p->until_ms = now + MIN(ms, SPRAY_WAIT_MOST_MS);
        p->rounds++;
        s->n_waits++;
    }
}

/* Where and as what a try counts; NULL: it does not. */
static struct spray *counted(struct req *rq, struct str login, uint64_t *ret_key, uint32_t *ret_hash)
{
    struct spray *s = care_of(rq)->spray;
    *ret_key = s != NULL ? key_of(rq) : 0;
    return *ret_key != 0 && login_of(rq, login, ret_hash) ? s : NULL;
}

void spray_failed(struct req *rq, struct str login)
{
    uint64_t key;
    uint32_t hash;
    struct spray *s = counted(rq, login, &key, &hash);
    if (s == NULL) {
        return;
    }
    os_lock(&s->lock);
    count(s, take(s, key, rq->now.ms), hash, rq->now.ms);
    os_unlock(&s->lock);
}

void spray_right(struct req *rq, struct str login)
{
    uint64_t key;
    uint32_t hash;
    struct spray *s = counted(rq, login, &key, &hash);
    if (s == NULL) {
        return;
    }
    os_lock(&s->lock);
    struct place *p = find(s, key);
    size_t at = p != NULL ? place_of(p, hash) : 0;
    if (p != NULL && at < p->n) {
        p->logins[at] = p->logins[--p->n];
        s->n_all -= s->n_all > 0;
    }
    os_unlock(&s->lock);
}

void spray_figures(struct req *rq, uint64_t *ret_waiting, uint64_t *ret_waits)
{
    struct spray *s = care_of(rq)->spray;
    uint64_t n = 0;
    *ret_waiting = 0;
    *ret_waits = 0;
    if (s == NULL) {
        return;
    }
    os_lock(&s->lock);
    for (size_t i = 0; i < LEN(s->places); i++) {
        n += s->places[i].key != 0 && waits(&s->places[i], rq->now.ms) > 0;
    }
    *ret_waits = s->n_waits;
    os_unlock(&s->lock);
    *ret_waiting = n;
}
