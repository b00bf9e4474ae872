/* care/schedule_slots.c - free slots, reckoned from the week, its exceptions, holidays and what is booked. */
#include "care/schedule.h"

#include "care/directory.h"
#include "care/visit_rule.h"
#include "store/db.h"

enum { TAKEN_MAX = 4000, DAYS_MAX = 400 };

unsigned slot_weekday(int64_t day)
{
    return (unsigned)((day % 7 + 7 + 3) % 7 + 1); /* 1970-01-01 was a Thursday */
}

struct span {
    int64_t from, to;
};

/* What slots are reckoned from. */
struct reckon {
    struct req *rq;
    const struct schedule *s;
    const struct policy *policy;
    const struct schedule_block *blocks;
    uint32_t n_blocks;
    const struct span *taken;
    uint32_t n_taken;
    int64_t from, to; /* slots begin in it */
    struct slot *slots;
    uint32_t n, cap;
};

static bool is_taken(const struct reckon *r, int64_t from, int64_t to)
{
    for (uint32_t i = 0; i < r->n_taken; i++) {
        if (r->taken[i].from < to && r->taken[i].to > from) {
            return true;
        }
    }
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        const struct schedule_block *b = &r->blocks[i];
        if (b->minutes == 0 && b->start_ms < to && b->end_ms > from) {
            return true;
        }
    }
    return false;
}

/* Puts one in at its place, unless one that overlaps it is there. */
static void add_slot(struct reckon *r, int64_t from, int64_t to, unsigned modes)
{
    uint32_t at = r->n;

    if (r->n == r->cap || from < r->from || from >= r->to || is_taken(r, from, to)) {
        return;
    }
    while (at > 0 && r->slots[at - 1].start_ms > from) {
        at--;
    }
    if ((at > 0 && r->slots[at - 1].end_ms > from) || (at < r->n && r->slots[at].start_ms < to)) {
        return;
    }
    for (uint32_t i = r->n; i > at; i--) {
        r->slots[i] = r->slots[i - 1];
    }
    r->slots[at] = (struct slot){from, to, modes};
    r->n++;
}

static void add_range(struct reckon *r, int64_t from, int64_t to, unsigned minutes, unsigned modes)
{
    int64_t step = minutes * MS_MINUTE;

    for (int64_t at = from; at + step <= to; at += step) {
        add_slot(r, at, at + step, modes);
    }
}

static bool is_holiday(const struct policy *p, int64_t day)
{
    struct civil c = instant_civil((struct instant){day * MS_DAY}, 0);
    char text[5] = {(char)('0' + c.month / 10), (char)('0' + c.month % 10), '-',
                    (char)('0' + c.day / 10), (char)('0' + c.day % 10)};

    return policy_has_code(&p->booking.holidays, (struct str){text, sizeof text});
}

enum err slot_is_holiday(struct req *rq, const struct schedule *s, int64_t day, bool *ret_is)
{
    const struct policy *p = NULL;

    TRY(visit_rule_policy(rq, s->org, &p));
    *ret_is = is_holiday(p, day);
    return OK;
}

static void add_day(struct reckon *r, int64_t day)
{
    const struct zone *zone = &r->s->zone;
    unsigned weekday = slot_weekday(day);

    for (uint32_t i = 0; i < r->s->n_hours && !is_holiday(r->policy, day); i++) {
        const struct schedule_hours *h = &r->s->hours[i];
        if (h->day == weekday) {
            add_range(r, zone_minute(zone, day, (int)h->from_min), zone_minute(zone, day, (int)h->to_min),
                      h->minutes, h->modes);
        }
    }
}

static enum err read_taken(struct reckon *r, struct str but)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct span *all = ARENA_ARRAY(r->rq->a, TAKEN_MAX, struct span);
    bool has = false;

    TRY_MEM(r->rq, all);
    TRY(DB_QUERY(r->rq, &q, Q_VISIT_TAKEN, sql_text(r->s->person), sql_i64(r->from),
                 sql_i64(r->to + MS_DAY), sql_i64(r->rq->now.ms)));
    TRY(db_next(r->rq, &q, &has));
    while (has && r->n_taken < TAKEN_MAX) {
        if (but.n == 0 || !str_eq(db_peek(&q, 2), but)) {
            all[r->n_taken++] = (struct span){db_i64(&q, 0), db_i64(&q, 1)};
        }
        TRY(db_next(r->rq, &q, &has));
    }
    r->taken = all;
    return OK;
}

enum err slot_list(struct req *rq, const struct schedule *s, int64_t from_ms, int64_t to_ms,
                   struct str but, struct slot *ret_slots, uint32_t n, uint32_t *ret_n)
{
    struct schedule_block *blocks = ARENA_ARRAY(rq->a, BLOCKS_MAX, struct schedule_block);
    struct reckon r = {.rq = rq, .s = s, .blocks = blocks, .slots = ret_slots, .cap = n};
    const struct directory *dir = NULL;

    TRY_MEM(rq, blocks);
    TRY(visit_rule_policy(rq, s->org, &r.policy));
    int64_t ahead = r.policy->booking.book_ahead.ms;
    r.from = MAX(from_ms, rq->now.ms);
    r.to = ahead > 0 ? MIN(to_ms, rq->now.ms + ahead) : to_ms;
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, s->person);
    if (!s->active || p == NULL || !p->active || r.from >= r.to || r.to - r.from > DAYS_MAX * MS_DAY) {
        *ret_n = 0;
        return OK;
    }
    TRY(schedule_blocks(rq, s->id, r.from, r.to + MS_DAY, blocks, BLOCKS_MAX, &r.n_blocks));
    TRY(read_taken(&r, but));
    for (uint32_t i = 0; i < r.n_blocks; i++) { /* first: they are known before the list is full */
        if (blocks[i].minutes > 0) {
            add_range(&r, blocks[i].start_ms, blocks[i].end_ms, blocks[i].minutes, blocks[i].modes);
        }
    }
    int64_t last = zone_day(&s->zone, r.to);
    for (int64_t day = zone_day(&s->zone, r.from); day <= last && r.n < r.cap; day++) {
        add_day(&r, day);
    }
    *ret_n = r.n;
    return OK;
}
