/* care/upload_test.c - uploads continue where they stood, are judged by their bytes, and a medical
 * image of another patient is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "care/care.h"
#include "care/filetype.h"
#include "care/upload_facts.h"
#include "care/upload_int.h"
#include "care/who.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/store.h"

struct world {
    struct care care;
    struct req rq;
    struct who who;
    char dir[64];
};

static int begin(void **state)
{
    struct world *w = test_calloc(1, sizeof(*w));
    strcpy(w->dir, "/tmp/consilium-upload-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    req_init(&w->rq, 64 << 20, os_now());
    w->who.person = S("p1");
    w->rq.who = &w->who;
    w->rq.app = (struct app *)&w->care;
    assert_int_equal(store_open(&w->rq, str_z(w->dir), NULL, &w->care.store), OK);
    w->rq.db = store_db_open(w->care.store);
    struct upload_opts o = {
        .dir = str_z(w->dir), .max_bytes = 32 << 20, .keep_ms = MS_DAY, .max_open = 8};
    assert_int_equal(upload_desk_new(&w->rq, &o, &w->care.uploads), OK);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    upload_desk_free(w->care.uploads);
    store_db_close(w->rq.db);
    store_close(w->care.store);
    req_done(&w->rq);
    char cmd[96] = "rm -r ";
    memcpy(cmd + 6, w->dir, strlen(w->dir) + 1);
    assert_int_equal(system(cmd), 0);
    test_free(w);
    return 0;
}

static const char pdf[] = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

static struct upload make(struct world *w, const char *name, size_t size)
{
    struct upload up;
    assert_int_equal(upload_new(&w->rq, w->care.uploads, S("draft1"), str_z(name), S("x/y"), size, &up),
                     OK);
    return up;
}

static void continues_where_it_stood(void **state)
{
    struct world *w = *state;
    struct upload_pen *pen;
    struct upload up = make(w, "C:\\scans\\report.pdf", sizeof(pdf) - 1);
    assert_true(str_eq(up.name, S("report.pdf")));
    assert_int_equal(upload_pen_open(&w->rq, w->care.uploads, up.id, 0, &pen), OK);
    assert_int_equal(upload_pen_write(&w->rq, pen, (struct str){pdf, 10}), OK);
    assert_int_equal(upload_pen_flush(&w->rq, pen), OK);
    assert_int_equal(upload_pen_write(&w->rq, pen, S("lost")), OK);
    struct upload_pen *late = pen;
    /* a second connection takes over; the first may not write any more */
    assert_int_equal(upload_pen_open(&w->rq, w->care.uploads, up.id, 10, &pen), OK);
    assert_int_equal(upload_pen_write(&w->rq, late, S("x")), E_CONFLICT);
    err_clear(&w->rq);
    assert_int_equal(upload_pen_write(&w->rq, pen, (struct str){pdf + 10, sizeof(pdf) - 11}), OK);
    assert_int_equal(upload_pen_write(&w->rq, pen, S("too much")), E_TOO_LARGE);
    err_clear(&w->rq);
    assert_int_equal(upload_pen_flush(&w->rq, pen), OK);
    assert_true(upload_pen_complete(pen));
    assert_int_equal(upload_pen_finish(&w->rq, pen, &up), OK);
    upload_pen_close(pen);
    upload_pen_close(late);
    uint8_t sha[32];
    sha_of((struct str){pdf, sizeof(pdf) - 1}, sha);
    assert_int_equal(upload_find(&w->rq, up.id, &up), OK);
    assert_int_equal(up.state, UPLOAD_COMPLETE);
    assert_memory_equal(up.blob.sha, sha, 32);
    assert_true(str_eq(up.type, S("application/pdf")));
    struct str bytes;
    assert_int_equal(blob_read(&w->rq, w->care.store, sha, 1 << 20, &bytes), OK);
    assert_true(str_eq(bytes, (struct str){pdf, sizeof(pdf) - 1}));
}

/* A file that is judged right now, perhaps for a minute, is left alone; after that it is looked at again. */
static void nobody_waits_for_the_judge_of_another(void **state)
{
    struct world *w = *state;
    struct upload_pen *pen;
    struct upload_turn turn;
    struct upload up = make(w, "report.pdf", sizeof(pdf) - 1);
    assert_int_equal(upload_pen_open(&w->rq, w->care.uploads, up.id, 0, &pen), OK);
    assert_int_equal(upload_pen_write(&w->rq, pen, (struct str){pdf, sizeof(pdf) - 1}), OK);
    assert_int_equal(upload_pen_flush(&w->rq, pen), OK);
    upload_pen_close(pen);
    assert_int_equal(upload_find(&w->rq, up.id, &up), OK);
    assert_int_equal(upload_desk_take(&w->rq, w->care.uploads, up.id, &turn), OK);
    assert_true(upload_desk_enter(w->care.uploads, turn));
    alarm(20); /* it would wait for ever */
    assert_int_equal(upload_finish_left(&w->rq, w->care.uploads, &up), OK);
    alarm(0);
    assert_int_equal(up.state, UPLOAD_OPEN);
    upload_desk_leave(w->care.uploads, turn);
    upload_desk_drop(w->care.uploads, turn);
    assert_int_equal(upload_finish_left(&w->rq, w->care.uploads, &up), OK);
    assert_int_equal(up.state, UPLOAD_COMPLETE);
}

static void wrong_offsets_and_strangers_are_refused(void **state)
{
    struct world *w = *state;
    struct upload_pen *pen;
    struct upload up = make(w, "a.pdf", 100);
    assert_int_equal(upload_pen_open(&w->rq, w->care.uploads, up.id, 7, &pen), E_CONFLICT);
    err_clear(&w->rq);
    w->who.person = S("p2");
    assert_int_equal(upload_find(&w->rq, up.id, &up), E_NOT_FOUND);
    err_clear(&w->rq);
    w->who.person = S("p1");
    struct upload none;
    assert_int_equal(upload_new(&w->rq, w->care.uploads, S("d"), S("a"), S(""), 0, &none), E_BAD_INPUT);
    err_clear(&w->rq);
    assert_int_equal(upload_new(&w->rq, w->care.uploads, S("d"), S("a"), S(""), UINT64_C(33) << 20, &none),
                     E_TOO_LARGE);
    err_clear(&w->rq);
    assert_int_equal(upload_end(&w->rq, w->care.uploads, up.id), OK);
    assert_int_equal(upload_find(&w->rq, up.id, &up), E_NOT_FOUND);
    err_clear(&w->rq);
}

static void expired_ones_are_removed(void **state)
{
    struct world *w = *state;
    size_t n;
    struct upload up = make(w, "a.pdf", 100);
    w->rq.now.ms += 2 * MS_DAY;
    assert_int_equal(upload_find(&w->rq, up.id, &up), E_GONE);
    err_clear(&w->rq);
    assert_int_equal(upload_expire(&w->rq, w->care.uploads, 10, &n), OK);
    assert_int_equal(n, 1);
}

static void put_file(struct world *w, const char *name, char *ret_path)
{
    char dir[OS_PATH_MAX];
    int fd;
    assert_int_equal(os_path(&w->rq, str_z(w->dir), S("uploads"), dir), OK);
    assert_int_equal(os_path(&w->rq, str_z(dir), str_z(name), ret_path), OK);
    assert_int_equal(os_open_new(&w->rq, ret_path, &fd), OK);
    os_close(fd);
}

static uint32_t swept_blobs(struct world *w, bool look)
{
    uint32_t all = 0;
    for (unsigned folder = 0; folder < 256; folder++) {
        uint32_t n = 0;
        assert_int_equal(blob_sweep(&w->rq, w->care.store, folder, look, &n), OK);
        all += n;
    }
    return all;
}

/* What a kill left behind goes; what is on its way, or used, stays. */
static void files_without_use_are_removed(void **state)
{
    struct world *w = *state;
    char lost[OS_PATH_MAX];
    char linked[OS_PATH_MAX];
    char half[OS_PATH_MAX];
    uint32_t n = 0;
    struct upload open = make(w, "a.pdf", 100);
    struct blob_ref used = {0};
    struct blob_ref unused = {0};
    struct blob_ref dropped = {0};
    put_file(w, "nobodys", lost);
    put_file(w, "nobodys.done", linked);
    assert_int_equal(upload_sweep(&w->rq, w->care.uploads, &n), OK);
    assert_int_equal(n, 2);
    assert_false(os_exists(lost));
    assert_int_equal(upload_find(&w->rq, open.id, &open), OK);
    assert_int_equal(upload_sweep(&w->rq, w->care.uploads, &n), OK);
    assert_int_equal(n, 0);
    struct req put;
    req_init(&put, 4 << 20, w->rq.now);
    put.db = w->rq.db;
    assert_int_equal(blob_put_bytes(&put, w->care.store, S("used"), &used), OK);
    assert_int_equal(blob_put_bytes(&put, w->care.store, S("unused"), &unused), OK);
    assert_int_equal(blob_put_bytes(&put, w->care.store, S("dropped"), &dropped), OK);
    struct tx *tx = tx_new(&put);
    struct sql_val u = sql_blob((struct str){(const char *)used.sha, 32});
    struct sql_val d = sql_blob((struct str){(const char *)dropped.sha, 32});
    assert_int_equal(TX_SQL(tx, W_BLOB_ADD, 0, u, sql_i64(4), sql_text(S("x")), sql_i64(1)), OK);
    assert_int_equal(TX_SQL(tx, W_BLOB_ADD, 0, d, sql_i64(7), sql_text(S("x")), sql_i64(1)), OK);
    assert_int_equal(TX_SQL(tx, W_BLOB_DROP, 0, d), OK);
    assert_int_equal(store_commit(w->care.store, &put, tx), OK);
    assert_int_equal(swept_blobs(w, false), 0); /* its transaction may still be on the way */
    req_done(&put);
    assert_int_equal(os_path(&w->rq, str_z(w->dir), S("blob-halfwritten"), half), OK);
    int fd;
    assert_int_equal(os_open_new(&w->rq, half, &fd), OK);
    os_close(fd);
    assert_int_equal(swept_blobs(w, true), 3);
    assert_int_equal(swept_blobs(w, false), 3);
    assert_int_equal(swept_blobs(w, false), 0);
    assert_false(os_exists(half));
    uint64_t size;
    uint64_t faults = 1;
    assert_int_equal(blob_open(&w->rq, w->care.store, used.sha, &fd, &size), OK);
    os_close(fd);
    assert_int_equal(blob_open(&w->rq, w->care.store, unused.sha, &fd, &size), E_NOT_FOUND);
    err_clear(&w->rq);
    assert_int_equal(blob_open(&w->rq, w->care.store, dropped.sha, &fd, &size), E_NOT_FOUND);
    err_clear(&w->rq);
    assert_int_equal(store_check(&w->rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
}

/* One row that cannot be removed does not keep the others. */
static void expiry_goes_on_past_a_stuck_one(void **state)
{
    struct world *w = *state;
    char path[OS_PATH_MAX];
    char uploads[OS_PATH_MAX];
    size_t n = 0;
    struct upload first = make(w, "a.pdf", 100);
    struct upload second = make(w, "b.pdf", 100);
    assert_int_equal(os_path(&w->rq, str_z(w->dir), S("uploads"), uploads), OK);
    struct str ids[] = {first.id, second.id};
    assert_int_equal(os_path(&w->rq, str_z(uploads), ids[0], path), OK);
    assert_int_equal(os_remove(&w->rq, path), OK);
    assert_int_equal(os_mkdir(&w->rq, path), OK); /* removing it as a file fails */
    w->rq.now.ms += 2 * MS_DAY;
    assert_int_equal(upload_expire(&w->rq, w->care.uploads, 10, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(upload_find(&w->rq, second.id, &second), E_NOT_FOUND);
    err_clear(&w->rq);
}

static enum err send(struct world *w, const char *name, struct str bytes, struct upload *ret_up)
{
    struct upload_pen *pen;
    struct upload up = make(w, name, bytes.n);
    TRY(upload_pen_open(&w->rq, w->care.uploads, up.id, 0, &pen));
    TRY(upload_pen_write(&w->rq, pen, bytes));
    TRY(upload_pen_flush(&w->rq, pen));
    enum err e = upload_pen_finish(&w->rq, pen, ret_up);
    upload_pen_close(pen);
    return e;
}

static void files_are_judged_by_their_bytes(void **state)
{
    struct world *w = *state;
    struct upload up;
    static const struct {
        const char *name;
        struct str bytes;
        enum err want;
        struct str shown;
    } rows[] = {
        {"scan.jpg", SI("%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"), OK, SI("scan.pdf")},
        {"letter.pdf", SI("<html><script>x</script></html>"), E_UNPROCESSED, SI("")},
        {"run.exe", SI("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0PE\0\0"),
         E_UNPROCESSED, SI("")},
        {"notes.txt", SI("plain words\nof a nurse\n"), OK, SI("notes.txt")},
        {"notes.bat", SI("plain words\nof a nurse\n"), E_UNPROCESSED, SI("")},
        {"a.zip", SI("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0a"), E_UNPROCESSED, SI("")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        enum err e = send(w, rows[i].name, rows[i].bytes, &up);
        if (e != rows[i].want) {
            fail_msg("%s: %s %s", rows[i].name, err_name(e), w->rq.err.detail);
        }
        err_clear(&w->rq);
        if (e == OK) {
            assert_true(str_eq(up.name, rows[i].shown));
        } else {
            assert_true(upload_meta_text(&w->rq, &up, S("refused")).n > 10);
            assert_int_equal(upload_end(&w->rq, w->care.uploads, up.id), OK);
        }
    }
}

static void another_patients_image_is_noticed(void **state)
{
    struct world *w = *state;
    const struct patient patient = {.ids = {{.value = S("112-233-445 95")}},
                                    .n_ids = 1,
                                    .name = S("Ахметова Айгуль"),
                                    .birth_date = S("1972-04-03")};
    static const struct {
        struct dicom_facts d;
        bool other;
    } rows[] = {
        {{.modality = SI("CT")}, false},
        {{.patient_name = SI("ИВАНОВА АННА"), .patient_id = SI("11223344595")}, false},
        {{.patient_name = SI("АХМЕТОВА^А"), .birth_date = SI("1972-04-03")}, false},
        {{.patient_name = SI("AKHMETOVA A"), .patient_id = SI("A-17")}, false},
        {{.patient_name = SI("АХМЕТОВА А"), .patient_id = SI("90000000000")}, true},
        {{.patient_name = SI("АХМЕТОВА А"), .birth_date = SI("1980-01-01")}, true},
        {{.patient_name = SI("Иванова Анна")}, true},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(dicom_is_other_patient(&w->rq, &rows[i].d, &patient), rows[i].other);
    }
    const struct patient latin = {.name = S("Ahmetova Aigul")};
    const struct dicom_facts nobody = {.patient_name = S("^^^^")};
    assert_false(dicom_is_other_patient(&w->rq, &nobody, &latin));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(continues_where_it_stood, begin, end),
        cmocka_unit_test_setup_teardown(nobody_waits_for_the_judge_of_another, begin, end),
        cmocka_unit_test_setup_teardown(wrong_offsets_and_strangers_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(expired_ones_are_removed, begin, end),
        cmocka_unit_test_setup_teardown(files_without_use_are_removed, begin, end),
        cmocka_unit_test_setup_teardown(expiry_goes_on_past_a_stuck_one, begin, end),
        cmocka_unit_test_setup_teardown(files_are_judged_by_their_bytes, begin, end),
        cmocka_unit_test_setup_teardown(another_patients_image_is_noticed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
