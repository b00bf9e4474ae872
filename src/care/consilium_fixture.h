/* care/consilium_fixture.h - a consilium of made-up people, step by step. Include from *_test.c only. */
#pragma once

#include "care/sign_fixture.h"

#include "care/consilium_int.h"

static struct req keep;

static const char *const members[] = {"cons1", "cons2", "ncons", "head"};

static inline int setup(void **state)
{
    static const char *const people[] = {"cons1", "cons2", "ncons", "head", "asker"};
    if (sign_setup(state, people, LEN(people)) != 0) {
        return -1;
    }
    as(&keep, NULL);
    return 0;
}

static inline int teardown(void **state)
{
    req_done(&keep);
    return sign_teardown(state);
}

static inline struct str role_of(const char *person)
{
    return person_who(&keep, person)->roles[0].id;
}

/* What somebody does; end_with() ends it. */
static inline struct tx *begin(struct req *rq, const char *who)
{
    as(rq, person_who(&keep, who));
    return tx_new(rq);
}

/* The form: four members, the first chairs; more: further fields. */
static inline enum err call_told(const char *who, struct str case_id, const struct field *more,
                                 uint32_t n_more, struct problems *ret_told, struct str *ret_id)
{
    static const struct field usual[] = {{SI("question"), SI("Operate, and when?")},
                                         {SI("urgency"), SI("emergency")},
                                         {SI("chair"), SI("cons1")}};
    struct field typed[24];
    struct req rq;
    struct str id = {0};
    uint32_t n = 0;

    for (uint32_t i = 0; i < n_more; i++) { /* the first of a name holds */
        typed[n++] = more[i];
    }
    for (size_t i = 0; i < LEN(usual); i++) {
        typed[n++] = usual[i];
    }
    for (size_t i = 0; i < LEN(members); i++) {
        typed[n++] = (struct field){S("member"), role_of(members[i])};
    }
    struct fields f = {typed, n};
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_call(&rq, tx, case_id, &f, ret_told, &id);
    *ret_id = e == OK ? arena_str(keep.a, id) : *ret_id;
    return end_with(&rq, tx, e);
}

static inline enum err call(const char *who, struct str case_id, const struct field *more, uint32_t n_more,
                            struct str *ret_id)
{
    struct problems p = {.n = 0};
    return call_told(who, case_id, more, n_more, &p, ret_id);
}

static inline struct str called(struct str case_id)
{
    struct str id = {0};
    assert_int_equal(call("asker", case_id, NULL, 0, &id), OK);
    return id;
}

static inline enum err part(const char *who, struct str id, const char *action, const char *reason,
                            const char *role, const char *person)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_part(&rq, tx, id, str_z(action),
                                &(struct consilium_args){.reason = str_z(reason),
                                                         .role = role != NULL ? role_of(role) : S(""),
                                                         .person = str_z(person)});
    return end_with(&rq, tx, e);
}

static inline enum err move(const char *who, struct str id, const char *action, const char *reason)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_move(&rq, tx, id, str_z(action),
                                &(struct consilium_args){.reason = str_z(reason)});
    return end_with(&rq, tx, e);
}

static inline enum err item_move(const char *who, struct str item, const char *action, const char *reason)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_item_move(&rq, tx, item, str_z(action),
                                     &(struct consilium_args){.reason = str_z(reason)});
    return end_with(&rq, tx, e);
}

static inline enum err opine(const char *who, struct str item, const char *of, const char *password)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_opinion(&rq, tx, item, str_z(of), S("Operate within six hours."),
                                   str_z(password));
    return end_with(&rq, tx, e);
}

enum say { SAY_ABSTAIN, SAY_DISSENT, SAY_REFUSE, SAY_MESSAGE };

static inline enum err say(const char *who, struct str item, enum say what, const char *text)
{
    static enum err (*const fns[])(struct req *, struct tx *, struct str, struct str) = {
        consilium_abstain, consilium_dissent, protocol_refuse, consilium_say};
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = fns[what](&rq, tx, item, str_z(text));
    return end_with(&rq, tx, e);
}

static const struct field written[] = {
    {SI("reason"), SI("Unclear indication")},
    {SI("course"), SI("Two days of pain")},
    {SI("state"), SI("Stable; leucocytes 14, which speaks for inflammation")},
    {SI("discussion"), SI("Risks were weighed <carefully>\nand written down")},
    {SI("decision"), SI("Operate within six hours")},
    {SI("orders"), SI("Blood group and cross-match\n\nTransfer to the regional centre")},
};

static inline enum err save(const char *who, struct str item, uint64_t seen)
{
    struct fields f = {written, LEN(written)};
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = protocol_save(&rq, tx, item, &f, seen);
    return end_with(&rq, tx, e);
}

static inline enum err present(const char *who, struct str item, uint64_t version)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = protocol_present(&rq, tx, item, S(BASE), version);
    return end_with(&rq, tx, e);
}

static inline struct consilium_item item_of(struct str id, uint32_t i)
{
    struct consilium *c = ARENA_NEW(keep.a, struct consilium);
    err_clear(&keep);
    MUST(&keep, consilium_load(&keep, id, c));
    assert_true(i < c->n_items);
    return c->items[i];
}

static inline enum err sign(const char *who, struct str item)
{
    struct req rq;
    struct str bytes;
    struct consilium_item i;
    char sha[65];
    as(&rq, person_who(&keep, who));
    MUST(&rq, consilium_item_load(&rq, item, &i));
    MUST(&rq, protocol_bytes(&rq, &i, &bytes, sha));
    struct tx *tx = tx_new(&rq);
    struct sign_means means = {.password = S(PASSWORD)};
    enum err e = protocol_sign(&rq, tx, item, str_z(sha), &means);
    return end_with(&rq, tx, e);
}

static inline enum err look(const char *who, struct str id)
{
    struct consilium *c;
    struct req rq;
    as(&rq, person_who(&keep, who));
    c = ARENA_NEW(rq.a, struct consilium);
    enum err e = consilium_open(&rq, id, AUDIT_READ, c);
    (void)!store_commit_audit(region.store, &rq);
    req_done(&rq);
    return e;
}

static inline enum err case_look(const char *who, struct str case_id)
{
    struct case_row row;
    struct req rq;
    as(&rq, person_who(&keep, who));
    enum err e = access_case(&rq, case_id, AUDIT_READ, &row);
    req_done(&rq);
    return e;
}

static inline void all_accept(struct str id)
{
    for (size_t i = 0; i < LEN(members); i++) {
        assert_int_equal(part(members[i], id, "accept", "", NULL, ""), OK);
    }
}

static inline void all_speak(struct str item)
{
    for (size_t i = 0; i < LEN(members); i++) {
        assert_int_equal(opine(members[i], item, members[i], PASSWORD), OK);
    }
}

/* Called, and begun by now: n members have spoken and the protocol is written; its patient. */
static inline struct str spoken(struct str id, uint32_t n)
{
    struct str item = item_of(id, 0).id;
    all_accept(id);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(move("asker", id, "begin", ""), OK);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(opine(members[i], item, members[i], PASSWORD), OK);
    }
    assert_int_equal(save("asker", item, 0), OK);
    return item;
}

/* Up to the drafted decision. */
static inline struct str drafted(struct str case_id, struct str *ret_item)
{
    struct str id = called(case_id);
    *ret_item = item_of(id, 0).id;
    all_accept(id);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(move("cons1", id, "begin", ""), OK);
    all_speak(*ret_item);
    assert_int_equal(save("asker", *ret_item, 0), OK);
    assert_int_equal(item_move("cons1", *ret_item, "draft", ""), OK);
    return id;
}
