/* app/config_check_test.c - all faults of the settings, each with its line; contradictions; what the machine says;
 * no value of a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config_check.h"
#include "os/file.h"

static struct req rq;
static struct config_issues issues;
static struct config c;

/* Reads the file and holds its settings to each other. */
static void read_text(struct str file, struct str path)
{
    struct config_source from = {.file = file, .path = path};
    issues = (struct config_issues){0};
    assert_int_equal(config_read_all(&rq, &from, &issues, &c), OK);
    assert_int_equal(rq.err.code, OK);
    config_check(&c, &issues);
}

/* An issue of the key, in the line, whose words begin with, or hold, these. */
static bool says(enum config_weight weight, const char *key, uint32_t line, const char *words)
{
    for (size_t i = 0; i < issues.n; i++) {
        const struct config_issue *is = &issues.v[i];
        if (is->weight == weight && str_eq(is->key, str_z(key)) && is->at.line == line
            && str_find(is->words, str_z(words)) < is->words.n) {
            return true;
        }
    }
    for (size_t i = 0; i < issues.n; i++) {
        print_error("%u %.*s: %.*s\n", (unsigned)issues.v[i].at.line, STR_ARG(issues.v[i].key),
                    STR_ARG(issues.v[i].words));
    }
    return false;
}

static int begin(void **state)
{
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    return 0;
}

static int end(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static void every_fault_has_its_line(void **state)
{
    (void)state;
    read_text(S("# a region\nprot = 1\nport\nport = 70000\nlang = rus\nport = 81\nport=82\nelephants = 3\n"), S("f"));
    assert_true(says(CONFIG_WRONG, "prot", 2, "no such setting; is it port?"));
    assert_true(says(CONFIG_WRONG, "", 3, "not a setting: a line is key = value"));
    assert_true(says(CONFIG_WRONG, "port", 4, "a number from 0 to 65535"));
    assert_true(says(CONFIG_WRONG, "lang", 5, "too long"));
    assert_true(says(CONFIG_WRONG, "port", 7, "stands in line 6 already"));
    assert_true(says(CONFIG_WRONG, "elephants", 8, "no such setting; `consilium config` lists all"));
    assert_int_equal(issues.wrong, 6);
    assert_int_equal(c.port, 82);
}

static void contradictions(void **state)
{
#define TLS "tls_certificate = /c\ntls_key = /k\n"
    static const struct {
        struct str file;
        enum config_weight weight;
        const char *key;
        uint32_t line;
        const char *words;
    } cases[] = {
        {SI("base_url = http://a.example\ntrust_proxy = true"), CONFIG_WRONG, "base_url", 1, "is http:// behind"},
        {SI("base_url = https://a.example"), CONFIG_WRONG, "base_url", 1, "trust_proxy is false"},
        {SI("base_url = https://a.example/x"), CONFIG_WRONG, "base_url", 1, "nothing after it"},
        {SI("base_url = a.example"), CONFIG_WRONG, "base_url", 1, "must be https://"},
        {SI("trust_proxy = true"), CONFIG_ADVICE, "trust_proxy", 1, "set base_url"},
        {SI("\nlisten = 0.0.0.0"), CONFIG_WRONG, "listen", 2, "speaks no TLS"},
        {SI("listen = 0.0.0.0\ntls_certificate = /c"), CONFIG_WRONG, "tls_certificate", 2, "belong together"},
        {SI("tls_key = /k"), CONFIG_WRONG, "tls_certificate", 0, "belong together"},
        {SI(TLS), CONFIG_ADVICE, "base_url", 0, "name in the certificate"},
        {SI(TLS "base_url = http://a.example"), CONFIG_WRONG, "base_url", 3, "https:// alone"},
        {SI(TLS "listen = unix:/run/s"), CONFIG_WRONG, "tls_certificate", 1, "leave the certificate to"},
        {SI("listen = ::\ntrust_proxy = true"), CONFIG_ADVICE, "listen", 1, "firewall"},
        {SI("listen = unix:/run/s"), CONFIG_WRONG, "listen", 1, "socket for a proxy"},
        {SI("port = 0"), CONFIG_ADVICE, "port", 1, "another port"},
        {SI("dicom_port = 8080"), CONFIG_WRONG, "dicom_port", 1, "port of the pages"},
        {SI("dicom_port = 104"), CONFIG_WRONG, "dicom_port", 1, "nobody may push"},
        {SI("dicom_peers = CT@10.0.0.1"), CONFIG_ADVICE, "dicom_peers", 1, "no effect"},
        {SI("lang = de"), CONFIG_WRONG, "lang", 1, "ru, kk, uz or en"},
        {SI("session_idle = 600\nsession_max = 5"), CONFIG_ADVICE, "session_idle", 1, "session_max"},
        {SI("max_connections = 1000"), CONFIG_WRONG, "max_streams", 0, "max_connections"},
        {SI("turn_urls = turn:a.example"), CONFIG_WRONG, "turn_urls", 1, "turn_secret"},
        {SI("turn_secret = abc"), CONFIG_ADVICE, "turn_secret", 1, "no effect"},
        {SI("turn_only = true"), CONFIG_WRONG, "turn_only", 1, "no relay"},
        {SI("recordings = /r"), CONFIG_WRONG, "recordings", 1, "media_servers"},
        {SI("smtp_url = a.example"), CONFIG_WRONG, "smtp_url", 1, "smtps://"},
        {SI("smtp_url = smtp://a.example"), CONFIG_WRONG, "mail_from", 0, "smtp_url needs"},
        {SI("smtp_user = me"), CONFIG_WRONG, "smtp_user", 1, "belong together"},
        {SI("sms_url = https://a.example/?t={text}"), CONFIG_WRONG, "sms_url", 1, "{to} and {text}"},
        {SI("sms_url = https://a.example/?t={text}&n={to}&k={secret}"), CONFIG_WRONG, "sms_secret_file", 0, "no file"},
        {SI("sms_url = http://a.example/?t={text}&n={to}"), CONFIG_WRONG, "sms_url", 1, "notify_plain"},
        {SI("sms_secret_file = /s"), CONFIG_ADVICE, "sms_secret_file", 1, "no effect"},
        {SI("clamav_socket = clamd.ctl"), CONFIG_WRONG, "clamav_socket", 1, "unix:/path"},
        {SI("clamav_missing = allow"), CONFIG_WRONG, "clamav_missing", 1, "refuse or keep"},
        {SI("clamav_socket = [::1]:3310\nclamav_missing = keep"), CONFIG_ADVICE, "clamav_missing", 2, "taken unseen"},
        {SI("signature_unknown = maybe"), CONFIG_WRONG, "signature_unknown", 1, "refuse or warn"},
        {SI("signature_hosts = a.example"), CONFIG_ADVICE, "signature_roots", 0, "no effect"},
        {SI("signature_roots = /r"), CONFIG_ADVICE, "signature_hosts", 0, "fresh lists"},
        {SI("stamp_url = tsa.example\nstamp_roots = /r"), CONFIG_WRONG, "stamp_url", 1, "https://"},
        {SI("stamp_url = https://tsa.example"), CONFIG_WRONG, "stamp_roots", 0, "could be taken"},
        {SI("stamp_policy = best"), CONFIG_WRONG, "stamp_policy", 1, "object identifier"},
        {SI("stamp_policy = 1.2.3"), CONFIG_ADVICE, "stamp_policy", 1, "no effect"},
        {SI("telegram_bot = b"), CONFIG_WRONG, "telegram_bot", 1, "belong together"},
        {SI("smtp_url = smtp://a.example"), CONFIG_ADVICE, "base_url", 0, "link"},
        {SI("port = 1"), CONFIG_ADVICE, "backup_to", 0, "no backup is made"},
        {SI("backup_to = /b"), CONFIG_WRONG, "backup_password_file", 0, "encrypted"},
        {SI("backup_to = consilium-data/b"), CONFIG_WRONG, "backup_to", 1, "lost with it"},
        {SI("backup_password_file = consilium-data/p"), CONFIG_ADVICE, "backup_password_file", 1, "lost with it"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        read_text(cases[i].file, S("f"));
        assert_true(says(cases[i].weight, cases[i].key, cases[i].line, cases[i].words));
    }
}

static void what_is_well_is_left_alone(void **state)
{
    (void)state;
    read_text(S("base_url = https://a.example:8443\ntrust_proxy = true\nbackup_to = s3:https://h/b\n"
                "backup_password_file = /p\nsmtp_url = smtps://m.example\nmail_from = n@a.example\n"), S("f"));
    assert_int_equal(issues.n, 0);
}

/* Neither a row, nor the file that is written, nor an issue tells a secret. */
static void secrets_stay(void **state)
{
    struct buf b;
    size_t hidden = 0;
    (void)state;
    read_text(S("turn_secret = hunter2\nsmtp_url = smtp://me:hunter2@m.example\nsms_header = Bearer hunter2\n"
                "sms_url = https://a.example/?key=hunter2&{to}{text}\nsms_body = hunter2\n"), S("f"));
    for (size_t i = 0; i < CONFIG_COUNT; i++) {
        struct config_row row;
        assert_int_equal(config_row(&rq, &c, i, &row), OK);
        hidden += row.is_hidden;
        assert_true(str_find(row.value, S("hunter2")) == row.value.n);
    }
    assert_int_equal(hidden, 5);
    buf_init(&b, rq.a, 65536);
    config_write(&rq, &c, &b);
    assert_true(buf_ok(&b));
    assert_true(str_find(buf_get(&b), S("hunter2")) == b.n);
    assert_true(str_find(buf_get(&b), S("# turn_secret is set; its value is not shown\n")) < b.n);
    for (size_t i = 0; i < issues.n; i++) {
        assert_true(str_find(issues.v[i].words, S("hunter2")) == issues.v[i].words.n);
    }
}

static struct str line(const char *key, const char *dir, const char *name)
{
    struct buf b;
    buf_init(&b, rq.a, 2000);
    buf_str(&b, str_z(key));
    BUF_LIT(&b, " = ");
    buf_str(&b, str_z(dir));
    buf_str(&b, str_z(name));
    BUF_LIT(&b, "\n");
    return buf_get(&b);
}

static void made(const char *dir, const char *name, unsigned mode)
{
    char path[OS_PATH_MAX];
    assert_int_equal(os_path(&rq, str_z(dir), str_z(name), path), OK);
    assert_int_equal(os_write_file(&rq, path, S("x\n"), mode), OK);
}

static void the_machine_is_asked(void **state)
{
    char dir[] = "/tmp/consilium-config-XXXXXX";
    struct buf b;
    (void)state;
    assert_non_null(mkdtemp(dir));
    made(dir, "open", 0644);
    made(dir, "shut", 0640);
    made(dir, "conf", 0644);
    buf_init(&b, rq.a, 8000);
    buf_str(&b, line("smtp_password_file", dir, "/open"));
    buf_str(&b, line("sms_secret_file", dir, "/none"));
    buf_str(&b, line("telegram_token_file", dir, "/shut"));
    buf_str(&b, line("recordings", dir, "/shut"));
    buf_str(&b, line("notify_ca", dir, ""));
    buf_str(&b, line("data", dir, "/data"));
    BUF_LIT(&b, "turn_secret = abc\nlisten = localhost\nbackup_to = /b\nbackup_program = no-such-program\n"
                "dicom_port = 1\ndicom_listen = 192.0.2.1\n");
    read_text(buf_get(&b), line("", dir, "/conf"));
    c.file = str_sub(c.file, 3, c.file.n - 4);
    issues = (struct config_issues){0};
    assert_int_equal(config_look(&rq, &c, &issues), OK);
    assert_true(says(CONFIG_WRONG, "smtp_password_file", 1, "/open holds a secret and is readable by others"));
    assert_true(says(CONFIG_WRONG, "sms_secret_file", 2, "/none is not there"));
    assert_true(says(CONFIG_WRONG, "recordings", 4, "/shut is no folder"));
    assert_true(says(CONFIG_WRONG, "notify_ca", 5, "is a folder, not a file"));
    assert_true(says(CONFIG_ADVICE, "data", 6, "/data is not there yet"));
    assert_true(says(CONFIG_WRONG, "", 0, "/conf holds a secret and is readable by others"));
    assert_true(says(CONFIG_WRONG, "listen", 8, "localhost is no numeric address"));
    assert_true(says(CONFIG_WRONG, "backup_program", 10, "no-such-program is not installed"));
    assert_true(says(CONFIG_WRONG, "dicom_port", 11, "cannot be listened on"));
    assert_int_equal(issues.wrong, 8);
    assert_int_equal(os_remove_tree(&rq, dir), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_fault_has_its_line, begin, end),
        cmocka_unit_test_setup_teardown(contradictions, begin, end),
        cmocka_unit_test_setup_teardown(what_is_well_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(secrets_stay, begin, end),
        cmocka_unit_test_setup_teardown(the_machine_is_asked, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
