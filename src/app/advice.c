/* app/advice.c - see advice.h. One row a piece of advice; each looks at the facts and says in words what is
 * wrong and what to do. */
#include "app/advice.h"

#include "base/instant.h"

enum { MIB = 1 << 20, BACKUP_DAYS = 2, AUTHORITY_DAYS = 90, NOTICE_MINUTES = 30,
       TLS_DAYS = 21, SIGNATURE_DAYS = 7, CLOCK_SLACK_S = 5 };

enum weight { FINE, ADVICE, URGENT };

static int64_t days_since(const struct advice_facts *f, struct instant t)
{
    return (f->now.ms - t.ms) / MS_DAY;
}

static enum weight disk(const struct advice_facts *f, struct buf *b)
{
    bool full = f->free_bytes < f->floor_bytes;
    if (!full && f->free_bytes >= f->floor_bytes + f->base_bytes && f->free_bytes >= f->floor_bytes * 4) {
        return FINE;
    }
    buf_u64(b, f->free_bytes / MIB);
    BUF_LIT(b, " MiB are free on the disk of the data folder");
    if (full) {
        BUF_LIT(b, ", and nothing is written below ");
        buf_u64(b, f->floor_bytes / MIB);
        BUF_LIT(b, " MiB (free_floor): make room now");
        return URGENT;
    }
    BUF_LIT(b, "; the database has ");
    buf_u64(b, f->base_bytes / MIB);
    BUF_LIT(b, ", and a backup needs as much beside it: make room");
    return ADVICE;
}

static enum weight time_of_day(const struct advice_facts *f, struct buf *b)
{
    int64_t behind = f->newest_record.ms - f->now.ms;
    if (behind < CLOCK_SLACK_S * MS_SECOND) {
        return FINE;
    }
    BUF_LIT(b, "the clock of this machine stands ");
    buf_i64(b, behind / MS_SECOND);
    BUF_LIT(b, " s before the newest entry of the record: set it by NTP; deadlines are kept by it");
    return URGENT;
}

static enum weight backup(const struct advice_facts *f, struct buf *b)
{
    if (f->newest_backup.ms > 0 && days_since(f, f->newest_backup) < BACKUP_DAYS) {
        return FINE;
    }
    if (f->newest_backup.ms == 0) {
        BUF_LIT(b, "no backup was ever made");
    } else {
        BUF_LIT(b, "the newest backup is ");
        buf_i64(b, days_since(f, f->newest_backup));
        BUF_LIT(b, " days old");
    }
    if (f->backup_is_set) {
        BUF_LIT(b, ": run consilium backup each night");
    } else {
        BUF_LIT(b, ": set backup_to and backup_password_file, and run consilium backup each night");
    }
    return ADVICE;
}

static enum weight authority(const struct advice_facts *f, struct buf *b)
{
    int64_t left = -days_since(f, f->authority_ends);
    if (f->authority_ends.ms == 0 || left > AUTHORITY_DAYS) {
        return FINE;
    }
    if (f->authority_ends.ms <= f->now.ms) {
        BUF_LIT(b, "the certificate of the signing authority has ended: nobody can sign");
        return URGENT;
    }
    BUF_LIT(b, "the certificate of the signing authority ends in ");
    buf_i64(b, left);
    BUF_LIT(b, " days: nobody can sign after that");
    return ADVICE;
}

static enum weight notices(const struct advice_facts *f, struct buf *b)
{
    if (f->notices == 0 || f->now.ms - f->notices_since.ms < NOTICE_MINUTES * MS_MINUTE) {
        return FINE;
    }
    buf_u64(b, f->notices);
    BUF_LIT(b, " notices wait to be sent, the oldest for ");
    buf_i64(b, (f->now.ms - f->notices_since.ms) / MS_MINUTE);
    BUF_LIT(b, " minutes: the list of what failed, under the notices of the program, says why");
    return ADVICE;
}

static enum weight encryption(const struct advice_facts *f, struct buf *b)
{
    if (!f->listens_beyond || f->behind_proxy || f->has_tls) {
        return FINE;
    }
    BUF_LIT(b, "it listens beyond this machine without TLS: passwords and records go unencrypted; set "
               "tls_certificate and tls_key, or listen = 127.0.0.1 with a proxy in front, and "
               "trust_proxy = true");
    return URGENT;
}

/* certbot renews a month before the end: three weeks before it something is wrong. */
static enum weight certificate(const struct advice_facts *f, struct buf *b)
{
    int64_t left = -days_since(f, f->tls_ends);
    if (!f->has_tls || (f->tls_reads && left > TLS_DAYS)) {
        return FINE;
    }
    if (!f->tls_reads) {
        BUF_LIT(b, "the program cannot serve with tls_certificate and tls_key, and will not start again: "
                   "consilium config check says why");
        return URGENT;
    }
    if (f->tls_ends.ms <= f->now.ms) {
        BUF_LIT(b, "the certificate for HTTPS (tls_certificate) has ended: browsers refuse it; renew it "
                   "(certbot renew), then systemctl reload consilium");
        return URGENT;
    }
    BUF_LIT(b, "the certificate for HTTPS (tls_certificate) ends in ");
    buf_i64(b, left);
    BUF_LIT(b, " days: renew it (certbot renew), then systemctl reload consilium");
    return ADVICE;
}

/* freshclam fetches them several times a day. */
static enum weight scanner(const struct advice_facts *f, struct buf *b)
{
    if (!f->has_scanner || (f->scanner_answers && f->signatures_made.ms > 0
                            && days_since(f, f->signatures_made) < SIGNATURE_DAYS)) {
        return FINE;
    }
    if (!f->scanner_answers) {
        BUF_LIT(b, "the virus scanner (clamav_socket) does not answer: look at clamav-daemon, and whether "
                   "the server's user may reach its socket");
        return URGENT;
    }
    if (f->signatures_made.ms == 0) {
        BUF_LIT(b, "the virus scanner has no signatures of the ClamAV project: look at clamav-freshclam");
        return ADVICE;
    }
    BUF_LIT(b, "the signatures of the virus scanner are ");
    buf_i64(b, days_since(f, f->signatures_made));
    BUF_LIT(b, " days old: look at clamav-freshclam");
    return ADVICE;
}

static enum weight address(const struct advice_facts *f, struct buf *b)
{
    if (str_starts(f->base_url, S("https://"))) {
        return FINE;
    }
    BUF_LIT(b, "base_url names no https:// address: links in notices and QR codes on conclusions need it");
    return ADVICE;
}

static enum weight cage(const struct advice_facts *f, struct buf *b)
{
    if (f->cage_is_off) {
        BUF_LIT(b, "the server is not shut in (cage = false): whoever takes it over reaches all that its "
                   "user may");
    } else if (!f->cage_is_whole) {
        BUF_LIT(b, "this kernel cannot shut the server in whole (Landlock from version 5.19, and seccomp): "
                   "it goes on without");
    }
    return f->cage_is_off || !f->cage_is_whole ? ADVICE : FINE;
}

void advice_write(const struct advice_facts *f, struct buf *out)
{
    static enum weight (*const rows[])(const struct advice_facts *, struct buf *) = {
        disk, time_of_day, backup, authority, notices, encryption, certificate, scanner, address,
        cage,
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf words;
        buf_init(&words, out->a, 1024);
        enum weight w = rows[i](f, &words);
        if (w != FINE) {
            buf_str(out, w == URGENT ? S("urgent: ") : S("advice: "));
            buf_str(out, buf_get(&words));
            buf_char(out, '\n');
        }
    }
}
