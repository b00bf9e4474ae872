/* care/erasure_list_test.c - after a restore of an older folder the erasures that ran since are applied again; a
 * list that lies or is broken is refused with the place. */
#include <unistd.h>

#include "care/care_fixture.h"
#include "care/erasure.h"
#include "care/erasure_list.h"
#include "care/patient.h"
#include "os/file.h"
#include "store/blob.h"

static struct req keep;
static const char iin[] = "900000000009";
static const char other_iin[] = "800000000008";
static const char family[] = "Zhumagalieva";

static void add_admins(void)
{
    static const struct {
        struct str id, role;
    } both[] = {{SI("admin"), SI("administrator")}, {SI("nauditor"), SI("auditor")}};
    struct req rq;
    struct str id = {0};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (size_t i = 0; i < LEN(both); i++) {
        MUST(&rq, person_add(&rq, tx, &(struct person_new){.id = both[i].id, .family = S("Admin"),
                                                           .given = both[i].id}, &id));
        MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = both[i].id, .org = S("national"),
                                                       .code = both[i].role}, &id));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
}

static struct str patient_new(const char *number)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str id = {0};
    const struct field typed[] = {
        {SI("family"), str_z(family)}, {SI("given"), SI("Aliya")}, {SI("birth-date"), SI("1972-05-04")},
        {SI("sex"), SI("female")},     {SI("id-kind"), SI("iin")}, {SI("id"), str_z(number)},
    };
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &id));
    id = arena_str(keep.a, id);
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static struct str case_of(struct str patient)
{
    struct req rq;
    struct problems p = {.n = 0};
    bool already = true;
    struct fields f = a_request(&keep);
    struct field mine[24];
    struct str id = put_new_id(&keep);
    assert_true(f.n <= LEN(mine));
    for (uint32_t i = 0; i < f.n; i++) {
        mine[i] = f.v[i];
    }
    mine[0].value = patient;
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, id, &(struct fields){mine, f.n}, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static int64_t propose(const char *number)
{
    struct req rq;
    int64_t id = 0;
    as(&rq, person_who(&keep, "admin"));
    struct erasure_look *l = ARENA_NEW(rq.a, struct erasure_look);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, erasure_find(&rq, S("iin"), str_z(number), l));
    MUST(&rq, erasure_propose(&rq, tx, l, S("court"), S("12/3"), S("2026-01-05"), &id));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static void confirm(int64_t id, const char *number)
{
    struct req rq;
    struct erasure o;
    as(&rq, person_who(&keep, "nauditor"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_confirm(&rq, tx, &o, S("iin"), str_z(number)));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void run(void)
{
    unsigned step = 0;
    bool more = true;
    while (more) {
        struct req rq;
        as(&rq, &who_clock);
        MUST(&rq, erasure_step(&rq, &step, &more));
        req_done(&rq);
    }
}

static struct erasure order_of(int64_t id)
{
    struct req rq;
    struct erasure o;
    as(&rq, person_who(&keep, "nauditor"));
    MUST(&rq, erasure_get(&rq, id, &o));
    o.by = arena_str(keep.a, o.by);
    o.second = arena_str(keep.a, o.second);
    o.number = arena_str(keep.a, o.number);
    req_done(&rq);
    return o;
}

static enum err reads(uint16_t type, struct str id)
{
    struct req rq;
    struct res_row row;
    as(&rq, NULL);
    enum err e = db_read(&rq, type, id, &row);
    req_done(&rq);
    return e;
}

static void path_of(const char *name, char path[OS_PATH_MAX])
{
    struct req rq;
    req_init(&rq, 1 << 16, region.now);
    MUST(&rq, os_path(&rq, str_z(region.dir), str_z(name), path));
    req_done(&rq);
}

static bool file_has(const char *name, struct str word)
{
    char path[OS_PATH_MAX];
    struct str bytes;
    struct req rq;
    req_init(&rq, 256 << 20, region.now);
    path_of(name, path);
    MUST(&rq, os_read_file(&rq, path, 128 << 20, &bytes));
    bool has = str_find(bytes, word) < bytes.n;
    req_done(&rq);
    return has;
}

/* As a backup has it. */
static void copy_to(const char *name)
{
    char path[OS_PATH_MAX];
    struct req rq;
    as(&rq, NULL);
    path_of(name, path);
    MUST(&rq, store_snapshot(&rq, region.store, path));
    req_done(&rq);
}

/* The folder becomes what it was, as a restore makes it. */
static void back_to(const char *name)
{
    static const char *const goes[] = {"consilium.db", "consilium.db-wal", "consilium.db-shm", "audit.head"};
    char path[OS_PATH_MAX];
    char from[OS_PATH_MAX];
    struct str bytes;
    struct req rq;
    region_close();
    for (size_t i = 0; i < LEN(goes); i++) {
        path_of(goes[i], path);
        (void)unlink(path);
    }
    path_of(name, from);
    path_of("consilium.db", path);
    req_init(&rq, 256 << 20, region.now);
    MUST(&rq, os_read_file(&rq, from, 128 << 20, &bytes));
    MUST(&rq, os_write_file(&rq, path, bytes, 0600));
    req_done(&rq);
    region_open();
    keep.db = region.db;
}

static struct str list_now(void)
{
    struct req rq;
    struct str text = {0};
    as(&rq, NULL);
    MUST(&rq, erasure_list_write(&rq, &text));
    MUST(&rq, store_sign(&rq, region.store, text, &text));
    text = arena_str(keep.a, text);
    req_done(&rq);
    return text;
}

/* Of an unsigned text. */
static enum err apply_text(struct str text, bool go_on, struct erasure_again *ret, const char *place)
{
    struct req rq;
    const struct erasure_list *l = NULL;
    as(&rq, &who_system);
    enum err e = erasure_list_read(&rq, text, &l);
    if (e == OK) {
        e = erasure_list_apply(&rq, l, go_on, ret);
    }
    if (e != OK && strstr(rq.err.detail, place) == NULL) {
        fail_msg("%s: %s", err_name(e), rq.err.detail);
    }
    req_done(&rq);
    return e;
}

static struct erasure_again apply(struct str list)
{
    struct req rq;
    struct erasure_again n = {0};
    struct str text = {0};
    as(&rq, &who_system);
    MUST(&rq, store_signed(&rq, region.store, list, &text));
    assert_int_equal(apply_text(text, false, &n, ""), OK);
    req_done(&rq);
    return n;
}

static void told(struct str words)
{
    struct req rq;
    struct audit_row rows[20];
    size_t n = 0;
    bool found = false;
    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, 0, 0, LEN(rows), rows, &n));
    for (size_t i = 0; i < n; i++) {
        found = found || str_find(rows[i].detail, words) < rows[i].detail.n;
    }
    assert_true(found);
    req_done(&rq);
}

static void is_whole(void)
{
    struct req rq;
    struct audit_report r = {0};
    uint64_t faults = 1;
    as(&rq, NULL);
    MUST(&rq, audit_verify(&rq, &r));
    assert_int_equal(r.fault, AUDIT_HOLDS);
    MUST(&rq, store_check(&rq, NULL, &faults));
    assert_int_equal(faults, 0);
    req_done(&rq);
}

static struct str with(struct req *rq, struct str text, struct str what, struct str instead)
{
    struct buf b;
    size_t at = str_find(text, what);
    assert_true(at < text.n);
    buf_init(&b, rq->a, text.n + instead.n);
    buf_str(&b, str_sub(text, 0, at));
    buf_str(&b, instead);
    buf_str(&b, str_sub(text, at + what.n, text.n));
    return buf_get(&b);
}

static struct str list;   /* of two orders, the first of patient */
static struct str patient, later;

static void applied_again_with_everything_open(void **state)
{
    (void)state;
    add_admins();
    patient = patient_new(iin);
    copy_to("first.db");
    struct str of = case_of(patient);
    copy_to("open.db"); /* the case is open */
    const struct care_move_args why = {.reason = S("Not needed now")};
    assert_int_equal(a_move(&keep, "asker", of, "withdraw", &why), OK);
    int64_t id = propose(iin);
    copy_to("proposed.db");
    confirm(id, iin);
    run();
    later = patient_new(other_iin);
    confirm(propose(other_iin), other_iin);
    copy_to("last.db");
    list = list_now();
    assert_true(str_find(list, patient) < list.n && str_find(list, later) < list.n);
    assert_true(str_find(list, str_z(family)) == list.n && str_find(list, str_z(iin)) == list.n);

    back_to("open.db");
    assert_int_equal(reads(T_PATIENT, patient), OK);
    struct erasure_again n = apply(list);
    assert_int_equal(n.applied, 1);
    assert_int_equal(n.later, 1);
    assert_int_equal(n.stood, 0);
    assert_int_equal(reads(T_PATIENT, patient), E_GONE); /* before any piece has run */
    assert_int_equal(reads(T_SERVICE_REQUEST, of), E_GONE);
    assert_int_equal(reads(T_PATIENT, later), E_NOT_FOUND);
    struct erasure o = order_of(id);
    assert_int_equal(o.state, ERASURE_RUNS);
    assert_true(str_eq(o.by, S("admin")) && str_eq(o.second, S("nauditor")) && str_eq(o.number, S("12/3")));
    told(S("erasure applied again after a restore, order 1, proposed by admin at "));
    is_whole();
    run();
    assert_int_equal(order_of(id).state, ERASURE_DONE);
    assert_false(file_has("consilium.db", str_z(family)));
    assert_false(file_has("consilium.db-wal", str_z(family)));
    is_whole();
    n = apply(list);
    assert_int_equal(n.stood, 1);
    assert_int_equal(n.applied, 0);
}

static void whatever_the_folder_knew(void **state)
{
    (void)state;
    back_to("proposed.db"); /* the proposal becomes the order */
    assert_int_equal(apply(list).applied, 1);
    assert_int_equal(order_of(1).state, ERASURE_RUNS);
    back_to("last.db"); /* the second one runs there */
    assert_int_equal(apply(list).stood, 2);
    back_to("first.db"); /* its number is somebody else's here, and the record is held */
    struct req rq;
    struct res_row row;
    (void)patient_new(other_iin);
    assert_int_equal(propose(other_iin), 1);
    as(&rq, person_who(&keep, "nauditor"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_head(&rq, T_PATIENT, patient, &row));
    MUST(&rq, erasure_hold(&rq, tx, patient, row.rid, S("A court asked for it")));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct req was;
    struct erasure_again n = {0};
    as(&was, &who_system);
    struct str text = with(&was, list, str_sub(list, str_find(list, S("\nkey ")), list.n), S(""));
    assert_int_equal(apply_text(text, true, &n, ""), OK);
    req_done(&was);
    assert_int_equal(n.applied, 1);
    assert_int_equal(n.refused + n.later, 1);
    assert_int_equal(order_of(1).state, ERASURE_PROPOSED);
    assert_int_equal(order_of(2).state, ERASURE_RUNS);
    told(S("order 1, proposed by admin"));
    assert_int_equal(reads(T_PATIENT, patient), E_GONE);
    run();
    is_whole();
}

static void a_list_that_lies_is_refused(void **state)
{
    struct req rq;
    struct erasure_again n = {0};
    struct str text = {0};
    (void)state;
    back_to("open.db");
    as(&rq, &who_system);
    MUST(&rq, store_signed(&rq, region.store, list, &text));
    struct str nobody = with(&rq, text, patient, S("nobody"));
    assert_int_equal(apply_text(nobody, false, &n, "orders[0].patient: nobody here"), E_CONFLICT);
    struct str sha = str_sub(text, str_find(text, S("\"sha256\":\"")), 20);
    struct str digest = with(&rq, text, sha, S("\"sha256\":\"0123456789"));
    assert_int_equal(apply_text(digest, false, &n, "orders[0].patient: another"), E_CONFLICT);
    assert_int_equal(reads(T_PATIENT, patient), OK); /* nothing was done */
    assert_int_equal(apply_text(digest, true, &n, ""), OK);
    assert_int_equal(n.refused, 1);
    assert_int_equal(reads(T_PATIENT, patient), OK);
    is_whole();
    req_done(&rq);
}

static void a_broken_one_is_refused_with_the_place(void **state)
{
    static const struct {
        const char *what, *instead, *place;
    } broken[] = {
        {"\"erasures\":1", "\"erasures\":2", "erasures: "},
        {"\"at\":\"2", "\"at\":\"x", "at: no time"},
        {"\"orders\":[", "\"orders\":1,\"x\":[", "orders: no list"},
        {"\"order\":1", "\"order\":0", "orders[0].order"},
        {"\"order\":2", "\"order\":-1", "orders[1].order"},
        {"\"patient\":\"", "\"patient\":\"a b", "orders[0].patient"},
        {"\"first\":", "\"first\":-", "orders[0].first"},
        {"\"sha256\":\"", "\"sha256\":\"zz", "orders[0].sha256"},
        {"\"number\":\"", "\"number\":[],\"numbers\":\"", "orders[0].number"},
        {"\"date\":\"2026-01-05\"", "\"date\":\"2026-13-05\"", "orders[0].date"},
        {"\"by\":\"admin\"", "\"by\":\"<b>\"", "orders[0].by"},
        {"\"org\":\"national\"", "\"org\":7", "orders[0].org"},
        {"\"confirmed\":\"2", "\"confirmed\":\"z", "orders[0].confirmed"},
        {"\"resources\":[\"", "\"resources\":[\"Nothing/", "orders[0].resources[0]"},
        {"\"resources\":[", "\"resources\":[7,", "orders[0].resources[0]"},
        {"\"orders\":", "\"orders\"", "line 1 column "},
    };
    struct req rq;
    struct erasure_again n = {0};
    struct str text = {0};
    (void)state;
    as(&rq, &who_system);
    MUST(&rq, store_signed(&rq, region.store, list, &text));
    for (size_t i = 0; i < LEN(broken); i++) {
        struct str bad = with(&rq, text, str_z(broken[i].what), str_z(broken[i].instead));
        assert_int_equal(apply_text(bad, false, &n, broken[i].place), E_SYNTAX);
    }
    char *huge = test_calloc(1, ERASURE_LIST_MAX + 1);
    memset(huge, ' ', ERASURE_LIST_MAX + 1);
    assert_int_equal(apply_text((struct str){huge, ERASURE_LIST_MAX + 1}, false, &n, ""), E_TOO_LARGE);
    test_free(huge);
    assert_int_equal(reads(T_PATIENT, patient), OK);
    req_done(&rq);
}

/* Each byte of it, and one of another server. */
static void only_our_own_signature_holds(void **state)
{
    char dir[] = "/tmp/care-other-XXXXXX";
    struct store *other = NULL;
    struct req rq;
    struct str text = {0};
    struct str theirs = {0};
    (void)state;
    as(&rq, &who_system);
    char *bytes = arena_alloc(rq.a, list.n);
    for (size_t i = 0; i < list.n; i++) {
        memcpy(bytes, list.p, list.n);
        bytes[i] = (char)(bytes[i] ^ 1);
        enum err e = store_signed(&rq, region.store, (struct str){bytes, list.n}, &text);
        assert_true(e == E_CHECKSUM && rq.err.detail[0] != 0);
        err_clear(&rq);
        assert_int_equal(store_signed(&rq, region.store, str_sub(list, 0, i), &text), E_CHECKSUM);
        err_clear(&rq);
    }
    assert_non_null(mkdtemp(dir));
    MUST(&rq, store_open(&rq, str_z(dir), NULL, &other));
    MUST(&rq, store_sign(&rq, other, S("{}"), &theirs));
    assert_int_equal(store_signed(&rq, region.store, theirs, &text), E_FORBIDDEN);
    assert_non_null(strstr(rq.err.detail, "another server"));
    err_clear(&rq);
    store_close(other);
    MUST(&rq, os_remove_tree(&rq, dir));
    req_done(&rq);
}

static int begin(void **state)
{
    int e = region_setup(state);
    as(&keep, NULL);
    return e;
}

static int end(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applied_again_with_everything_open),
        cmocka_unit_test(whatever_the_folder_knew),
        cmocka_unit_test(a_list_that_lies_is_refused),
        cmocka_unit_test(a_broken_one_is_refused_with_the_place),
        cmocka_unit_test(only_our_own_signature_holds),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
