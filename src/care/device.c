/* care/device.c - browsers and places people sign in from. See device.h. */
#include "care/device.h"

#include "base/text.h"
#include "care/account_int.h"
#include "care/notice.h"
#include "store/db.h"

/* In the order of looking: the first that fits is it. The numbers are stored: append only. */
struct agent_row {
    int64_t number;
    struct str mark; /* in the User-Agent */
    const char *name;
};
static const struct agent_row browsers[] = {
    {6, SI("YaBrowser/"), "Yandex Browser"}, {4, SI("Edg"), "Edge"}, {5, SI("OPR/"), "Opera"},
    {7, SI("SamsungBrowser/"), "Samsung Internet"}, {1, SI("Firefox/"), "Firefox"},
    {1, SI("FxiOS/"), "Firefox"}, {2, SI("CriOS/"), "Chrome"}, {2, SI("Chrome/"), "Chrome"},
    {3, SI("Safari/"), "Safari"},
};
static const struct agent_row systems[] = {
    {1, SI("Android"), "Android"}, {2, SI("iPhone"), "iPhone"}, {3, SI("iPad"), "iPad"},
    {4, SI("Windows"), "Windows"}, {5, SI("Mac OS X"), "macOS"}, {6, SI("CrOS"), "ChromeOS"},
    {7, SI("Linux"), "Linux"},
};
enum { AGENT_MAX = 400, SYSTEMS = 100 };

static int64_t look(const struct agent_row *rows, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++) {
        if (str_find(text, rows[i].mark) < text.n) {
            return rows[i].number;
        }
    }
    return 0;
}

static const char *name_of(const struct agent_row *rows, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].number == number) {
            return rows[i].name;
        }
    }
    return "";
}

int64_t device_agent(struct str user_agent)
{
    struct str text = str_sub(str_or_empty(user_agent), 0, AGENT_MAX);
    return look(browsers, LEN(browsers), text) * SYSTEMS + look(systems, LEN(systems), text);
}

const char *device_browser(int64_t agent)
{
    return name_of(browsers, LEN(browsers), agent / SYSTEMS);
}

const char *device_system(int64_t agent)
{
    return name_of(systems, LEN(systems), agent % SYSTEMS);
}

static bool is_172_private(struct str peer)
{
    struct str rest = str_sub(peer, 4, peer.n);
    struct str second;
    uint64_t n = 0;
    return str_starts(peer, S("172.")) && str_cut(&rest, '.', &second) && str_u64(second, &n) && n >= 16
           && n <= 31;
}

enum device_place device_place(struct str peer)
{
    static const struct {
        struct str begin;
        enum device_place place;
    } rows[] = {
        {SI("127."), PLACE_HERE},    {SI("::1"), PLACE_HERE},  {SI("10."), PLACE_NEAR},
        {SI("192.168."), PLACE_NEAR}, {SI("169.254."), PLACE_NEAR}, {SI("fc"), PLACE_NEAR},
        {SI("fd"), PLACE_NEAR},      {SI("fe80:"), PLACE_NEAR},
    };
    struct str mapped = S("::ffff:");
    if (peer.n == 0) {
        return PLACE_UNKNOWN;
    }
    if (str_starts(peer, mapped)) {
        peer = str_sub(peer, mapped.n, peer.n);
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        if (str_starts(peer, rows[i].begin)) {
            return rows[i].place;
        }
    }
    return is_172_private(peer) ? PLACE_NEAR : PLACE_INTERNET;
}

const char *device_place_text(enum device_place place)
{
    static const char *const texts[PLACE_COUNT] = {
        [PLACE_UNKNOWN] = T("not known from where"),
        [PLACE_HERE] = T("from the server itself"),
        [PLACE_NEAR] = T("from the local network"),
        [PLACE_INTERNET] = T("over the internet"),
    };
    return texts[place < PLACE_COUNT ? place : PLACE_UNKNOWN];
}

static bool is_value(struct str s)
{
    bool ok = s.n == DEVICE_LEN;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
             || c == '_';
    }
    return ok;
}

enum err device_known(struct req *rq, int64_t account, const struct sign_in_from *from, bool *ret_known)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool is = is_value(from->device);
    struct str hash = secret_hash(rq, is ? from->device : S(""));
    TRY_MEM(rq, hash.p);
    TRY(DB_ONE(rq, &q, Q_DEVICE, sql_i64(account), sql_blob(hash)));
    *ret_known = is && db_i64(&q, 1) > 0;
    return OK;
}

enum err device_seen(struct req *rq, struct tx *tx, const struct account *acc,
                     const struct sign_in_from *from, char out[DEVICE_LEN + 1])
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    _Static_assert((int)DEVICE_LEN == (int)SESSION_LEN, "one kind of random value");

    if (is_value(from->device)) {
        for (size_t i = 0; i < DEVICE_LEN; i++) {
            out[i] = from->device.p[i];
        }
        out[DEVICE_LEN] = '\0';
    } else {
        secret_new(out);
    }
    struct str hash = secret_hash(rq, (struct str){out, DEVICE_LEN});
    TRY_MEM(rq, hash.p);
    TRY(DB_ONE(rq, &q, Q_DEVICE, sql_i64(acc->id), sql_blob(hash)));
    bool others = db_i64(&q, 0) > 0;
    bool known = db_i64(&q, 1) > 0;
    TRY(TX_SQL(tx, W_DEVICE_SEEN, 0, sql_i64(acc->id), sql_blob(hash), sql_i64(rq->now.ms)));
    return others && !known ? notice_tell(rq, tx, acc->person, NOTICE_NEW_DEVICE, S("")) : OK;
}
