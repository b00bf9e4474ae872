/* store/dict_test.c - bodies come back byte for byte whatever they were compressed with, and damage is
 * found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "os/wait_testing.h"
#include "store/schema_int.h"
#include "store/store_int.h"
#include "store/test_int.h"

enum { MANY = 400 };

static void sql_do(struct t *t, const char *sql)
{
    char path[OS_PATH_MAX];
    sqlite3 *db;
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("consilium.db"), path), OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t sql_number(struct t *t, const char *sql)
{
    char path[OS_PATH_MAX];
    sqlite3 *db;
    sqlite3_stmt *st;
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("consilium.db"), path), OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    int64_t v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return v;
}

/* Alike, and all different. */
static struct str body_of(struct t *t, int i)
{
    struct buf b;
    buf_init(&b, t->rq.a, 4096);
    BUF_LIT(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\",\"category\":[{\"coding\":[{"
                "\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\","
                "\"code\":\"vital-signs\"}]}],\"code\":{\"coding\":[{\"system\":"
                "\"http://loinc.org\",\"code\":\"");
    buf_u64(&b, (uint64_t)i * 7919 % 10007);
    BUF_LIT(&b, "\",\"display\":\"Heart rate\"}]},\"valueQuantity\":{\"value\":");
    buf_u64(&b, (uint64_t)i * 31 % 180);
    BUF_LIT(&b, ",\"unit\":\"beats/minute\",\"system\":\"http://unitsofmeasure.org\"},\"note\":[{"
                "\"text\":\"");
    for (uint64_t k = (uint64_t)i + 1; k < 1u << 20; k *= 13) {
        buf_u64(&b, k * 2654435761u);
        buf_char(&b, ' ');
    }
    BUF_LIT(&b, "\"}]}");
    return buf_get(&b);
}

static void put_some(struct t *t, int from, int to)
{
    for (int i = from; i < to; i++) {
        char id[8];
        struct tx_put p = t_form(T_OBS, t_id(id, i));
        p.body = body_of(t, i);
        assert_int_equal(t_put_form(t, &p), OK);
    }
}

static void all_read_back(struct t *t, int n)
{
    for (int i = 0; i < n; i++) {
        char id[8];
        struct res_row row;
        struct ver_row ver;
        struct str want = body_of(t, i);
        assert_int_equal(db_read(&t->rq, T_OBS, str_z(t_id(id, i)), &row), OK);
        assert_true(str_ends(row.body, str_sub(want, sizeof("{\"resourceType\":\"Observation\"") - 1,
                                               want.n)));
        assert_int_equal(db_vread(&t->rq, T_OBS, str_z(id), 1, &ver), OK);
        assert_true(str_eq(ver.body, row.body));
    }
}

static void fill(struct t *t)
{
    put_some(t, 0, MANY / 2);
    WAIT_FOR(dicts_has(t->st->dicts, T_OBS));
    put_some(t, MANY / 2, MANY);
}

static void bodies_shrink_and_come_back(void **state)
{
    struct t t = t_open();
    uint64_t faults;
    (void)state;
    fill(&t);
    all_read_back(&t, MANY);
    assert_true(sql_number(&t, "SELECT count(*) FROM ver WHERE codec = 1") > 0);
    assert_true(sql_number(&t, "SELECT count(*) FROM ver WHERE codec >= 2") >= MANY / 2);
    assert_true(sql_number(&t, "SELECT max(length(body)) FROM ver WHERE codec >= 2") <
                sql_number(&t, "SELECT min(length(body)) FROM ver WHERE codec = 1"));
    t_stop(&t);
    t_start(&t);
    assert_true(dicts_has(t.st->dicts, T_OBS));
    all_read_back(&t, MANY);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

/* One made by another process after this one opened the folder. */
static void unknown_dictionaries_are_read(void **state)
{
    struct t t = t_open();
    (void)state;
    fill(&t);
    struct dicts *known = t.st->dicts;
    t.st->dicts = dicts_new();
    all_read_back(&t, MANY);
    dicts_free(t.st->dicts);
    t.st->dicts = known;
    t_close(&t);
}

static void damage_is_found(void **state)
{
    static const char *const damages[] = {
        "UPDATE ver SET body = substr(body, 1, length(body) - 1) WHERE codec = 1",
        "UPDATE ver SET body = zeroblob(length(body)) WHERE vid = 300",
        "UPDATE ver SET codec = 0 WHERE vid = 300",
        "UPDATE ver SET codec = 4097 WHERE vid = 300",
        "UPDATE ver SET codec = 99999999 WHERE vid = 300",
        "UPDATE ver SET codec = -1 WHERE vid = 300",
        "UPDATE dict SET bytes = zeroblob(length(bytes))",
        "DELETE FROM dict",
    };
    (void)state;
    for (size_t i = 0; i < LEN(damages); i++) {
        struct t t = t_open();
        struct audit_report r;
        fill(&t);
        t_stop(&t);
        sql_do(&t, damages[i]);
        t_start(&t);
        assert_int_equal(audit_verify(&t.rq, &r), OK);
        assert_int_equal(r.fault, AUDIT_TX_BROKEN);
        t_close(&t);
    }
}

static void short_and_dense_bodies_stay(void **state)
{
    struct t t = t_open();
    struct str dense = S("{\"resourceType\":\"Binary\",\"d\":\"q8ZkV1x0TtJ4n9cYb2LfMw7RsE5hUoGp3aXi6"
                         "KdNvByCQe-HzASmPgWjO_IlFuDrTq8ZkV1x0TtJ4n9cYb2LfMw7RsE5h\"}");
    int64_t codec = 7;
    (void)state;
    assert_ptr_equal(dict_pack(t.st->dicts, t.rq.a, T_OBS, S("{\"resourceType\":\"X\"}"), &codec).p,
                     S("{\"resourceType\":\"X\"}").p);
    assert_int_equal(codec, CODEC_RAW);
    codec = 7;
    assert_ptr_equal(dict_pack(t.st->dicts, t.rq.a, T_OBS, dense, &codec).p, dense.p);
    assert_int_equal(codec, CODEC_RAW);
    t_close(&t);
}

/* A folder of the program before dictionaries. */
static void former_schema_opens(void **state)
{
    struct t t = t_open();
    struct res_row row;
    uint64_t faults;
    (void)state;
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "1"), OK);
    t_stop(&t);
    /* what came with the schema after it, and later */
    sql_do(&t, "DROP TABLE dict; DROP TABLE client; DROP TABLE client_origin; DROP TABLE app_grant;"
               "DROP TABLE app_code; DROP TABLE app_token; DROP TABLE app_launch; DROP TABLE app_jti;"
               "DROP TABLE app_rate; DROP INDEX ver_type; DROP TABLE bulk;"
               "DROP TABLE sub_event; DROP TABLE sub; DROP INDEX ix_date_long;"
               "DROP TABLE dicom_study; DROP TABLE dicom_word; DROP TABLE dicom_place;"
               "DROP TABLE dicom_series; DROP TABLE dicom_instance; DROP TABLE dicom_aside; DROP TABLE dicom_share;"
               "DROP TABLE post_address; DROP TABLE post; DROP TABLE ring;"
               "ALTER TABLE account DROP COLUMN kind; DROP TABLE patient_tie; DROP TABLE patient_invite;"
               "DROP TABLE sign_in_name;"
               "DROP TABLE visit_schedule; DROP TABLE visit_block; DROP TABLE visit;"
               "DROP TABLE room; DROP TABLE room_stay; DROP TABLE room_guest;"
               "DROP TABLE consilium; DROP TABLE consilium_item; DROP TABLE consilium_member;"
               "DROP TABLE consilium_voice; DROP TABLE recording; DROP TABLE recording_answer;"
               "DROP TABLE recording_seat; DROP TABLE recording_file; DROP TABLE glass; DROP INDEX token_scopes;"
               "ALTER TABLE account DROP COLUMN factor; ALTER TABLE session DROP COLUMN agent;"
               "ALTER TABLE session DROP COLUMN place; DROP TABLE factor; DROP TABLE recovery;"
               "DROP TABLE half; DROP TABLE device; DROP TABLE staff_invite;"
               "ALTER TABLE session DROP COLUMN passkey; DROP TABLE passkey; DROP TABLE passkey_ask;"
               "DROP TABLE provider_tie; DROP TABLE stamp; DROP TABLE retain; DROP TABLE retain_term;"
               "DROP INDEX notice_read;"
               "DROP TABLE scrub; DROP INDEX res_gone;"
               "DROP INDEX res_gone_of; DROP TABLE erasure; DROP TABLE erasure_item; DROP TABLE erasure_hold;"
               "PRAGMA user_version = 3");
    t_start(&t);
    assert_int_equal(db_read(&t.rq, T_OBS, S("a"), &row), OK);
    fill(&t);
    all_read_back(&t, MANY);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_shrink_and_come_back),
        cmocka_unit_test(unknown_dictionaries_are_read),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(short_and_dense_bodies_stay),
        cmocka_unit_test(former_schema_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
