/* app/advice_test.c - each fact that calls for something gets its line, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/advice.h"

#define DAY (24 * 3600 * (int64_t)1000)
#define NOW (20000 * DAY)
#define MB ((uint64_t)1 << 20)

/* Of a server where all is well. */
static const struct advice_facts well = {
    .now = {NOW},
    .newest_record = {NOW - 1000},
    .newest_backup = {NOW - DAY},
    .authority_ends = {NOW + 4000 * DAY},
    .free_bytes = 100000 * MB,
    .floor_bytes = 256 * MB,
    .base_bytes = 5000 * MB,
    .backup_is_set = true,
    .cage_is_whole = true,
    .base_url = SI("https://region.example"),
};

static struct req rq;

static void says(const struct advice_facts *f, const char *wanted)
{
    struct buf b;
    req_init(&rq, 1 << 20, f->now);
    buf_init(&b, rq.a, 10000);
    advice_write(f, &b);
    struct str got = buf_get(&b);
    assert_true(buf_ok(&b));
    if (wanted == NULL) {
        assert_int_equal(got.n, 0);
    } else {
        bool once = str_find(got, str_z(wanted)) < got.n && str_find_char(got, '\n') + 1 == got.n;
        if (!once) {
            print_error("%.*s\n", STR_ARG(got));
        }
        assert_true(once);
    }
    req_done(&rq);
}

static void all_is_well(void **state)
{
    (void)state;
    says(&well, NULL);
}

#define WITH(...)                                                                                              \
    struct advice_facts f = well;                                                                              \
    (void)state;                                                                                               \
    __VA_ARGS__

static void disks(void **state)
{
    WITH(f.free_bytes = 5000 * MB;)
    says(&f, "advice: 5000 MiB are free on the disk of the data folder; the database has 5000");
    f.free_bytes = 200 * MB;
    says(&f, "urgent: 200 MiB are free on the disk of the data folder, and nothing is written below 256 MiB");
}

static void clocks(void **state)
{
    WITH(f.newest_record.ms = NOW + 4999;)
    says(&f, NULL);
    f.newest_record.ms = NOW + 3600000;
    says(&f, "urgent: the clock of this machine stands 3600 s before");
}

static void backups(void **state)
{
    WITH(f.newest_backup.ms = NOW - 2 * DAY;)
    says(&f, "advice: the newest backup is 2 days old: run");
    f.newest_backup.ms = 0;
    says(&f, "advice: no backup was ever made: run");
    f.backup_is_set = false;
    says(&f, "advice: no backup was ever made: set backup_to");
}

static void authorities(void **state)
{
    WITH(f.authority_ends.ms = NOW + 90 * DAY;)
    says(&f, "advice: the certificate of the signing authority ends in 90 days");
    f.authority_ends.ms = NOW;
    says(&f, "urgent: the certificate of the signing authority has ended");
    f.authority_ends.ms = 0; /* none: another message says so */
    says(&f, NULL);
}

static void notices_that_wait(void **state)
{
    WITH(f.notices = 3; f.notices_since.ms = NOW - 60000;)
    says(&f, NULL);
    f.notices_since.ms = NOW - 1800000;
    says(&f, "advice: 3 notices wait to be sent, the oldest for 30 minutes");
}

static void scanners(void **state)
{
    WITH(f.has_scanner = true;)
    says(&f, "urgent: the virus scanner (clamav_socket) does not answer");
    f.scanner_answers = true;
    says(&f, "advice: the virus scanner has no signatures of the ClamAV project");
    f.signatures_made.ms = NOW - 7 * DAY;
    says(&f, "advice: the signatures of the virus scanner are 7 days old");
    f.signatures_made.ms = NOW - 6 * DAY;
    says(&f, NULL);
}

static void addresses(void **state)
{
    WITH(f.listens_beyond = true;)
    says(&f, "urgent: it listens beyond this machine");
    f.has_tls = f.tls_reads = true;
    f.tls_ends.ms = NOW + 60 * MS_DAY;
    says(&f, NULL);
    f.has_tls = false;
    f.behind_proxy = true;
    says(&f, NULL);
    f.base_url = S("http://region.example");
    says(&f, "advice: base_url names no https:// address");
}

static void cages(void **state)
{
    WITH(f.cage_is_whole = false;)
    says(&f, "advice: this kernel cannot shut the server in whole");
    f.cage_is_off = true;
    says(&f, "advice: the server is not shut in (cage = false)");
}

static void certificates(void **state)
{
    WITH(f.has_tls = f.tls_reads = true; f.tls_ends.ms = NOW + 22 * MS_DAY;)
    says(&f, NULL);
    f.tls_ends.ms = NOW + 21 * MS_DAY;
    says(&f, "advice: the certificate for HTTPS (tls_certificate) ends in 21 days");
    f.tls_ends.ms = NOW;
    says(&f, "urgent: the certificate for HTTPS (tls_certificate) has ended");
    f.tls_reads = false;
    says(&f, "urgent: the program cannot serve with tls_certificate and tls_key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_well), cmocka_unit_test(disks),       cmocka_unit_test(clocks),
        cmocka_unit_test(backups),     cmocka_unit_test(authorities), cmocka_unit_test(notices_that_wait),
        cmocka_unit_test(scanners),
        cmocka_unit_test(addresses),   cmocka_unit_test(certificates), cmocka_unit_test(cages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
