/* work/record_test.c - files of a recording: whose they are, kept once whatever is killed between, erased only
 * after, and what cannot be played is not lost. */
#include <stdio.h>

#include "care/care_fixture.h"
#include "care/consult.h"
#include "care/recording.h"
#include "os/file.h"
#include "work/record.h"

#define AUDIO "videoroom-7-user-3145733-1700000000-audio-0.mjr" /* seat 3 */
#define VIDEO "videoroom-7-user-3145733-1700000000-video-1.mjr"

enum { LONG_FILE = 2000 };

static unsigned n_played;
static bool play_fails;

static enum err play(struct req *rq, const struct care *care, int in, int out, bool video,
                     bool *ret_played)
{
    (void)care, (void)in;
    n_played++;
    *ret_played = !play_fails;
    return os_write_at(rq, out, 0, video ? "\x1a\x45\xdf\xa3 picture" : "OggS sound", video ? 12 : 10);
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t seat;
        bool is, video;
    } rows[] = {
        {AUDIO, 3, true, false},
        {VIDEO, 3, true, true},
        {VIDEO ".tmp", 3, true, true},
        {"videoroom-7-user-5-1-audio-0.mjr", 0, true, false},
        {"videoroom-7-user-99999999999999999999-1-audio-0.mjr", 0, false, false},
        {"videoroom-7-user--1-audio-0.mjr", 0, false, false},
        {"videoroom-7-user-3145733-1-data-0.mjr", 0, false, false},
        {"other.mjr", 0, false, false},
        {"videoroom-7-user-3145733-1-audio-0.txt", 0, false, false},
        {"", 0, false, false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        uint32_t seat = 0;
        bool video = false;
        assert_int_equal(record_name_read(str_z(rows[i].name), &seat, &video), rows[i].is);
        assert_int_equal(seat, rows[i].seat);
        assert_int_equal(video, rows[i].video);
    }
}

/* A room of a case and a recording that has ended, as rows; gives its folder, which is made. */
static struct str ended_recording(struct req *keep, struct str case_id, bool started)
{
    struct req rq;
    struct str id = put_new_id(keep);
    char path[OS_PATH_MAX];
    MUST(keep, os_path(keep, region.care.recordings, id, path));
    struct str folder = arena_str(keep->a, str_z(path));
    as(&rq, person_who(keep, "asker"));
    struct tx *tx = tx_new(&rq);
    struct case_row row;
    MUST(&rq, case_row_load(&rq, case_id, &row));
    MUST(&rq, TX_SQL(tx, W_ROOM_NEW, 0, sql_text(id), sql_i64(0), sql_text(id), sql_text(case_id),
                     sql_i64(row.patient_rid), sql_text(row.patient), sql_i64(0), sql_i64(0),
                     sql_i64(rq.now.ms)));
    MUST(&rq, TX_SQL(tx, W_RECORDING_NEW, TX_MUST_BE_NEW, sql_text(id), sql_text(id), sql_i64(0),
                     sql_text(S("asker")), sql_text(S("Asker")), sql_i64(rq.now.ms)));
    if (started) {
        MUST(&rq, TX_SQL(tx, W_RECORDING_SEAT, 0, sql_text(id), sql_i64(3), sql_text(S("Somebody Here"))));
        MUST(&rq, TX_SQL(tx, W_RECORDING_ON, TX_MUST_CHANGE, sql_text(id), sql_i64(rq.now.ms),
                         sql_text(S(""))));
    }
    MUST(&rq, TX_SQL(tx, W_RECORDING_STOP, TX_MUST_CHANGE, sql_text(id), sql_i64(rq.now.ms), sql_i64(1),
                     sql_text(S("Asker")), sql_text(S(""))));
    assert_int_equal(commit_end(&rq, tx), OK);
    MUST(keep, os_mkdir_shared(keep, path));
    return folder;
}

static void a_file(struct req *keep, struct str folder, const char *name, size_t n)
{
    char *bytes = arena_alloc_raw(keep->a, n);
    char path[OS_PATH_MAX];
    memset(bytes, 'm', n);
    MUST(keep, os_path(keep, folder, str_z(name), path));
    MUST(keep, os_write_file(keep, path, (struct str){bytes, n}, 0644));
}

static bool is_there(struct req *keep, struct str folder, const char *name)
{
    char path[OS_PATH_MAX];
    MUST(keep, os_path(keep, folder, str_z(name), path));
    return os_exists(path);
}

static bool step(int64_t later_ms)
{
    bool more = false;
    struct instant now = {region.now.ms + later_ms};
    assert_int_equal(record_keep(&region.care, region.db, now, play, &more), OK);
    return more;
}

static uint32_t files_of(struct req *keep, struct str case_id, struct case_file ret_files[8])
{
    struct res_row row;
    uint32_t n = 0;
    uint32_t total = 0;
    MUST(keep, db_head(keep, T_SERVICE_REQUEST, case_id, &row));
    MUST(keep, consult_files(keep, row.rid, 0, ret_files, 8, &n, &total));
    return total;
}

static void kept_then_erased(void **state)
{
    (void)state;
    struct req keep;
    struct case_file files[8];
    as(&keep, NULL);
    struct str id = a_case(&keep);
    struct str folder = ended_recording(&keep, id, true);
    n_played = 0;
    play_fails = false;
    a_file(&keep, folder, AUDIO, LONG_FILE);
    a_file(&keep, folder, VIDEO ".tmp", LONG_FILE);
    /* the unfinished one waits for its server; the finished one is kept, and is still there */
    assert_true(step(0));
    assert_int_equal(n_played, 1);
    assert_true(is_there(&keep, folder, AUDIO));
    assert_int_equal(files_of(&keep, id, files), 1);
    assert_true(str_eq(files[0].type, S("audio/ogg")) && files[0].size == 10);
    assert_true(str_find(files[0].title, S("Somebody Here.ogg")) < files[0].title.n);
    assert_true(str_eq(files[0].author, S("asker")));
    /* as after a kill: what was kept is not kept again, and is erased now */
    assert_true(step(0));
    assert_int_equal(n_played, 1);
    assert_false(is_there(&keep, folder, AUDIO));
    assert_false(step(0));
    /* nobody has written to the other for long */
    assert_true(step(5 * MS_MINUTE));
    assert_true(step(5 * MS_MINUTE));
    assert_int_equal(files_of(&keep, id, files), 2);
    assert_true(is_there(&keep, folder, ""));
    assert_false(step(5 * MS_MINUTE));
    assert_false(is_there(&keep, folder, ""));
    assert_false(step(5 * MS_MINUTE));
    req_done(&keep);
}

/* Files of a recording that has ended, and what is kept of them when all is done. */
static uint32_t kept_of(struct req *keep, bool started, size_t audio_bytes, size_t video_bytes,
                        struct case_file ret_files[8])
{
    struct str id = a_case(keep);
    struct str folder = ended_recording(keep, id, started);
    n_played = 0;
    a_file(keep, folder, AUDIO, audio_bytes);
    a_file(keep, folder, VIDEO, video_bytes);
    while (step(MS_MINUTE)) {
    }
    assert_false(is_there(keep, folder, ""));
    return files_of(keep, id, ret_files);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    struct req keep;
    struct case_file files[8];
    as(&keep, NULL);
    play_fails = true;
    /* one is kept as it came, the other holds nothing */
    assert_int_equal(kept_of(&keep, true, LONG_FILE, 40, files), 1);
    assert_true(str_eq(files[0].type, S("application/octet-stream")) && files[0].size == LONG_FILE);
    req_done(&keep);
}

static void what_nobody_agreed_to_is_erased(void **state)
{
    (void)state;
    struct req keep;
    struct case_file files[8];
    as(&keep, NULL);
    assert_int_equal(kept_of(&keep, false, LONG_FILE, LONG_FILE, files), 0);
    assert_int_equal(n_played, 0);
    req_done(&keep);
}

static int setup(void **state)
{
    static char folder[64];
    struct req rq;
    int e = region_setup(state);
    as(&rq, NULL);
    (void)snprintf(folder, sizeof folder, "%s/recordings", region.dir);
    MUST(&rq, os_mkdir(&rq, folder));
    req_done(&rq);
    region.care.recordings = str_z(folder);
    return e;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(kept_then_erased),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(what_nobody_agreed_to_is_erased),
    };
    return cmocka_run_group_tests(tests, setup, region_teardown);
}
