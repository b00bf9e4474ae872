/* app/doctor.c - consilium doctor: is the data folder whole, and what should somebody do? It may run beside a
 * server. */
#include <inttypes.h>
#include <stdio.h>

#include "app/advice.h"
#include "app/app.h"
#include "app/command.h"
#include "care/notify.h"
#include "care/sign.h"
#include "codec/cms_cert.h"
#include "fhir/index_check.h"
#include "http/tls.h"
#include "os/cage.h"
#include "os/clock.h"
#include "os/file.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/db.h"

enum { REPORT_BYTES = 4 << 20, TELL_EVERY_MS = 5000 };

struct look {
    uint64_t all, all_bytes;   /* what there is to read */
    uint64_t n, bytes;         /* read so far */
    uint64_t missing, changed, unreadable;
    int64_t told_ms;
};

/* What a kind of Q_BLOB_USES is called. */
static const char *const kinds[] = {"image", "image put aside", "file of a case"};

static enum err print_uses(struct req *rq, const struct blob_ref *ref)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    bool any = false;
    TRY(DB_QUERY(rq, &q, Q_BLOB_USES, sql_blob((struct str){(const char *)ref->sha, sizeof(ref->sha)})));
    TRY(db_next(rq, &q, &has));
    while (has) {
        uint64_t kind = db_u64(&q, 0);
        struct str one = db_peek(&q, 1);
        struct str two = db_peek(&q, 2);
        const char *of = kind == 0 ? "study" : "id";
        const char *in = kind == 0 ? "instance" : "case";
        printf("  %s: %s %.*s, %s %.*s\n", kind < LEN(kinds) ? kinds[kind] : "?", of, STR_ARG(one), in,
               STR_ARG(two));
        any = true;
        TRY(db_next(rq, &q, &has));
    }
    if (!any) {
        printf("  a document or another file of the program\n");
    }
    return OK;
}

static void tell(struct look *l, bool end)
{
    int64_t now = os_now().ms;
    if (!end && now - l->told_ms < TELL_EVERY_MS) {
        return;
    }
    l->told_ms = now;
    (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " files read, %" PRIu64 " of %" PRIu64 " MB\n", l->n,
                  l->all, l->bytes >> 20, l->all_bytes >> 20);
}

static enum err seen(struct req *rq, const struct blob_ref *ref, enum err found, void *ctx)
{
    struct look *l = ctx;
    l->n++;
    l->bytes += ref->size;
    tell(l, false);
    if (found == OK) {
        return OK;
    }
    l->missing += found == E_NOT_FOUND;
    l->changed += found == E_CHECKSUM;
    l->unreadable += found != E_NOT_FOUND && found != E_CHECKSUM;
    printf("%s: sha256 ", found == E_NOT_FOUND  ? "missing"
                          : found == E_CHECKSUM ? "changed"
                                                : "not readable");
    for (size_t i = 0; i < sizeof(ref->sha); i++) {
        printf("%02x", ref->sha[i]);
    }
    printf(", %" PRIu64 " bytes\n", ref->size);
    enum err e = print_uses(rq, ref);
    (void)fflush(stdout);
    return e;
}

static enum err check_blobs(struct req *rq, uint64_t *ret_faults)
{
    struct look l = {.told_ms = os_now().ms};
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_ONE(rq, &q, Q_BLOB_SUM, sql_i64(0)));
        l.all = db_u64(&q, 0);
        l.all_bytes = db_u64(&q, 1);
    }
    TRY(store_check_blobs(rq, seen, &l));
    tell(&l, true);
    printf("%" PRIu64 " files, %" PRIu64 " bytes read; %" PRIu64 " changed, %" PRIu64
           " missing, %" PRIu64 " not readable\n",
           l.n, l.bytes, l.changed, l.missing, l.unreadable);
    *ret_faults = l.changed + l.missing + l.unreadable;
    return OK;
}

static enum err run(struct command_args *args, bool index, bool blobs, uint64_t *ret_faults)
{
    struct req *rq = args->rq;
    struct buf out;
    uint64_t looked = 0;
    buf_init(&out, rq->a, REPORT_BYTES);
    if (blobs) {
        return check_blobs(rq, ret_faults);
    }
    if (!index && care_of(rq)->pixels == NULL) {
        struct str program = args->config->jpeg_decoder;
        printf("note: no program %.*s: JPEG lossless and 12-bit JPEG images are kept and given out, "
               "not drawn (install dcmtk, or set jpeg_decoder)\n",
               STR_ARG(program.n > 0 ? program : S("for lossless JPEG")));
    }
    TRY(index ? fhir_index_check(rq, &out, &looked, ret_faults) : store_check(rq, &out, ret_faults));
    command_print(buf_get(&out));
    if (index) {
        printf("%" PRIu64 " resources, ", looked);
    }
    return OK;
}

enum err doctor_all(struct req *rq, uint64_t *ret_faults)
{
    struct buf out;
    struct audit_report record = {0};
    uint64_t looked = 0;
    uint64_t in_store = 0;
    uint64_t in_index = 0;
    uint64_t in_blobs = 0;
    buf_init(&out, rq->a, REPORT_BYTES);
    TRY(audit_verify(rq, &record));
    if (record.fault != AUDIT_HOLDS) {
        printf("the record does NOT hold: %s, at %" PRIu64 "\n", audit_fault_text(record.fault), record.seq);
    }
    TRY(store_check(rq, &out, &in_store));
    TRY(fhir_index_check(rq, &out, &looked, &in_index));
    command_print(buf_get(&out));
    TRY(check_blobs(rq, &in_blobs));
    printf("%" PRIu64 " resources, %" PRIu64 " audit records, %" PRIu64 " commits\n", looked, record.n_audit,
           record.n_tx);
    *ret_faults = in_store + in_index + in_blobs + (record.fault != AUDIT_HOLDS);
    return OK;
}

/* ---- advice ---- */

static enum err record_and_notices(struct req *rq, struct advice_facts *f)
{
    struct audit_row newest;
    size_t n = 0;
    TRY(audit_list(rq, 0, 0, 1, &newest, &n));
    f->newest_record = n > 0 ? newest.at : (struct instant){0};
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        TRY(DB_ONE(rq, &q, Q_POST_WAITS, sql_i64(c), sql_i64(rq->now.ms)));
        int64_t since = db_i64(&q, 1);
        f->notices += db_u64(&q, 0);
        if (since != 0 && (f->notices_since.ms == 0 || since < f->notices_since.ms)) {
            f->notices_since.ms = since;
        }
    }
    return OK;
}

static enum err certificate(struct req *rq, const struct config *config, struct advice_facts *f)
{
    struct tls_facts facts;
    const char *cert = arena_cstr(rq->a, config->tls_certificate);
    const char *key = arena_cstr(rq->a, config->tls_key);
    TRY_MEM(rq, cert);
    TRY_MEM(rq, key);
    TRY(tls_look(rq, cert, key, S(""), &facts));
    f->tls_reads = tls_can_serve(facts.fault);
    f->tls_ends = facts.until;
    return OK;
}

/* It does not count among the faults of the data folder. */
static enum err give_advice(const struct command_args *args, const struct app *app)
{
    struct req *rq = args->rq;
    const struct config *config = args->config;
    const struct store *st = app->web.care.store;
    struct cert_facts cert = {0};
    struct buf out;
    struct os_cage_can can = os_cage_can();
    struct advice_facts f = {.now = rq->now,
                             .newest_backup = store_backup_last(rq, st).at,
                             .floor_bytes = config->free_floor << 20,
                             .backup_is_set = config->backup_to.n > 0,
                             .listens_beyond = config_listens_beyond(config),
                             .behind_proxy = config->trust_proxy,
                             .cage_is_off = !config->cage,
                             .cage_is_whole = can.files && can.calls,
                             .has_tls = config_has_tls(config),
                             .base_url = config->base_url};
    buf_init(&out, rq->a, REPORT_BYTES);
    {
        CLEANUP(db_rows_done) struct db_rows base = {0};
        TRY(DB_ONE(rq, &base, Q_BASE_SIZE, sql_i64(1)));
        f.base_bytes = db_u64(&base, 0);
    }
    TRY(os_free_bytes(rq, store_dir(st), &f.free_bytes));
    if (config->clamav_socket.n > 0) {
        struct clam_version v = {0};
        f.has_scanner = true;
        f.scanner_answers = app_scanner_look(rq, config, &v) == OK;
        f.signatures_made = v.made;
        err_clear(rq);
    }
    TRY(record_and_notices(rq, &f));
    if (app->ca != NULL) {
        TRY(cert_read(rq, sign_ca_cert(app->ca), &cert));
        f.authority_ends = cert.until;
    }
    if (f.has_tls) {
        TRY(certificate(rq, config, &f));
    }
    advice_write(&f, &out);
    TRY(app_outside_advice(rq, app, &out));
    TRY(app_stamp_advice(rq, app, &out));
    TRY(app_retention_advice(rq, &out));
    TRY(app_provider_advice(rq, app, &out));
    command_print(buf_get(&out));
    return OK;
}

int command_doctor(struct command_args *args)
{
    struct app app;
    uint64_t faults = 0;
    bool index = args->n_words == 1 && str_eq(str_z(args->words[0]), S("--index"));
    bool blobs = args->n_words == 1 && str_eq(str_z(args->words[0]), S("--blobs"));
    if (args->n_words > 0 && !index && !blobs) {
        return COMMAND_USAGE;
    }
    enum err e = app_open(args->rq, args->config, true, &app);
    if (e == OK) {
        e = run(args, index, blobs, &faults);
    }
    if (e == OK && !index && !blobs) {
        e = give_advice(args, &app);
    }
    app_close(args->rq, &app);
    if (e != OK) {
        return COMMAND_FAILED;
    }
    printf("%" PRIu64 " faults\n", faults);
    return faults == 0 ? COMMAND_OK : COMMAND_FAILED;
}
