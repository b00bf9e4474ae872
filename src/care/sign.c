/* care/sign.c - a person signs: role, password, key, signature. See sign.h. */
#include "care/sign.h"

#include "care/account.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/outside.h"
#include "care/policy.h"
#include "care/sign_int.h"
#include "fhir/type.h"
#include "store/db.h"

enum { CERT_DAYS = 730 };

/* Who signs, as the certificate will say. */
struct signer {
    const struct role_ref *role;
    struct cert_name name;
};

/* Only a present role with one of the rights signs: the directory of now decides, not the
 * session's memory of it. */
static enum err signer_now(struct req *rq, uint32_t rights, struct signer *ret_signer)
{
    const struct directory *dir;
    const struct role_ref *role = who_role(rq->who);
    if (role == NULL || !who_may(rq->who, rights)) {
        return FAIL(rq, E_FORBIDDEN, "only a clinician with the right to it signs");
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, rq->who->person);
    const struct role_ref *now = NULL;
    for (uint32_t i = 0; p != NULL && p->active && i < p->n_roles; i++) {
        if (str_eq(p->roles[i].id, role->id) && (p->roles[i].rights & rights) != 0) {
            now = &p->roles[i];
        }
    }
    if (now == NULL) {
        return FAIL(rq, E_FORBIDDEN, "this role has ended");
    }
    const struct role *title = content_role(care_of(rq)->content, now->code);
    *ret_signer = (struct signer){
        .role = now,
        .name = {.common_name = p->name,
                 .title = title ? text4_get(&title->title, rq->lang) : now->code,
                 .organization = now->org_name,
                 .serial_number = p->id},
    };
    return OK;
}

static bool part_fits(struct str in_cert, struct str now)
{
    return str_starts(now, in_cert) && (in_cert.n == now.n || in_cert.n >= CERT_NAME_CHARS);
}

/* Does a stored certificate still say who this is, and is it valid now? */
static bool cert_fits(const struct cert_facts *f, const struct signer *s, struct instant now)
{
    return str_eq(f->subject.serial_number, s->name.serial_number) &&
           part_fits(f->subject.common_name, s->name.common_name) &&
           part_fits(f->subject.organization, s->name.organization) && f->from.ms <= now.ms &&
           f->until.ms > now.ms;
}

struct key {
    struct sign_secret secret;
    struct str cert; /* DER */
};

static void key_done(struct key *k)
{
    sign_secret_done(&k->secret);
}

/* One row of the key box: its certificate and sealed key. */
struct box_row {
    struct str serial;
    struct str cert;
    struct str sealed;
};

enum { BOX_MAX = 16 };

static enum err box_rows(struct req *rq, struct str person, struct box_row rows[BOX_MAX],
                         uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_KEY_BY_PERSON, sql_text(person)));
    for (;;) {
        TRY(db_next(rq, &q, &has));
        if (!has || n == BOX_MAX) {
            break;
        }
        rows[n] = (struct box_row){.serial = db_text(rq->a, &q, 0), .sealed = db_text(rq->a, &q, 3)};
        TRY_MEM(rq, rows[n].serial.p);
        TRY_MEM(rq, rows[n].sealed.p);
        struct str pem = db_text(rq->a, &q, 2);
        TRY_MEM(rq, pem.p);
        TRY(cert_unpem(rq, pem, &rows[n].cert));
        n++;
    }
    *ret_n = n;
    return OK;
}

static enum err note(struct req *rq, struct str person, struct str detail)
{
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_ADMIN,
                                             .why = WHY_OWN,
                                             .type = T_PRACTITIONER,
                                             .id = person,
                                             .detail = detail});
}

/* A new key and certificate, sealed and durable. */
static enum err key_make(struct req *rq, const struct signer *s, struct str password,
                         struct tx *tx, struct key *ret_key)
{
    const struct sign_ca *ca = care_of(rq)->ca;
    CLEANUP(key_done) struct key k = {0};
    struct cert_facts facts;
    struct str pem;
    struct str sealed;
    TRY(sign_int_secret(rq, &k.secret));
    struct cert_ask ask = {
        .subject_key = {(const char *)k.secret.p, k.secret.n},
        .name = s->name,
        .from = {rq->now.ms - MS_MINUTE},
        .until = {rq->now.ms + CERT_DAYS * MS_DAY},
        .ca_key = sign_int_ca_key(ca),
        .ca_cert = sign_ca_cert(ca),
    };
    TRY(cert_make(rq, &ask, &k.cert));
    TRY(cert_read(rq, k.cert, &facts));
    TRY(cert_pem(rq, k.cert, &pem));
    TRY(sign_seal(rq, &k.secret, password, s->name.serial_number, &sealed));
    TRY(TX_SQL(tx, W_KEY_NEW, TX_MUST_BE_NEW, sql_text(facts.serial_hex),
               sql_text(s->name.serial_number), sql_text(pem), sql_blob(sealed),
               sql_i64(rq->now.ms)));
    TRY(note(rq, s->name.serial_number, S("certificate issued")));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    *ret_key = k;
    k = (struct key){0};
    return OK;
}

/* The person's key for this organisation, opened; a key the right password does not open (set anew
 * by an administrator) ends, and another is made. */
static enum err key_open(struct req *rq, const struct signer *s, struct str password,
                         struct key *ret_key)
{
    struct box_row rows[BOX_MAX];
    uint32_t n = 0;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(box_rows(rq, s->name.serial_number, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct cert_facts f;
        TRY(cert_read(rq, rows[i].cert, &f));
        if (!cert_fits(&f, s, rq->now)) {
            continue;
        }
        struct sign_secret secret;
        enum err e = sign_unseal(rq, rows[i].sealed, password, s->name.serial_number, &secret);
        if (e == OK) {
            *ret_key = (struct key){secret, rows[i].cert};
            return OK;
        }
        if (e != E_SIGN_IN) {
            return e;
        }
        err_clear(rq);
        TRY(TX_SQL(tx, W_KEY_END, 0, sql_text(rows[i].serial), sql_i64(1), sql_i64(rq->now.ms)));
    }
    return key_make(rq, s, password, tx, ret_key);
}

enum err sign_int_may(struct req *rq, uint32_t rights)
{
    struct signer s;
    return signer_now(rq, rights, &s);
}

enum err sign_by(struct req *rq, uint32_t rights, struct sign_means *means, struct str content,
                 struct jv bundle, struct sign_result *ret_result)
{
    if (means->file.p != NULL) {
        return outside_sign(rq, rights, means, content, bundle, ret_result);
    }
    return sign_document_as(rq, rights, means->password, content, ret_result);
}

enum err sign_document_as(struct req *rq, uint32_t rights, struct str password, struct str content,
                          struct sign_result *ret_result)
{
    struct signer s;
    struct sign_result r;
    CLEANUP(key_done) struct key k = {0};
    if (care_of(rq)->ca == NULL) {
        return FAIL(rq, E_UNSUPPORTED, "this server has no signing authority");
    }
    TRY(signer_now(rq, rights, &s));
    TRY(password_check(rq, password));
    TRY(key_open(rq, &s, password, &k));
    struct cms_ask ask = {
        .key = {(const char *)k.secret.p, k.secret.n},
        .cert = k.cert,
        .ca = sign_ca_cert(care_of(rq)->ca),
        .content = content,
        .at = rq->now,
    };
    TRY(cms_sign(rq, &ask, &r.cms));
    r.cert = k.cert;
    TRY(cms_verify(rq, r.cms, content, ask.ca, &r.verdict));
    if (!cms_is_good(&r.verdict)) {
        return FAIL(rq, E_INTERNAL, "the signature just made does not verify");
    }
    *ret_result = r;
    return OK;
}

enum err sign_on_password(struct req *rq, struct tx *tx, struct str person,
                          struct str old_password, struct str new_password)
{
    struct box_row rows[BOX_MAX];
    uint32_t n = 0;
    TRY(box_rows(rq, person, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        CLEANUP(sign_secret_done) struct sign_secret secret = {0};
        struct str sealed;
        enum err e = sign_unseal(rq, rows[i].sealed, old_password, person, &secret);
        if (e == E_SIGN_IN || e == E_SYNTAX) {
            err_clear(rq);
            TRY(TX_SQL(tx, W_KEY_END, 0, sql_text(rows[i].serial), sql_i64(1),
                       sql_i64(rq->now.ms)));
            continue;
        }
        TRY(e);
        TRY(sign_seal(rq, &secret, new_password, person, &sealed));
        TRY(TX_SQL(tx, W_KEY_RESEAL, TX_MUST_CHANGE, sql_text(rows[i].serial), sql_blob(sealed)));
    }
    return OK;
}

enum err sign_keys_end(struct req *rq, struct tx *tx, struct str person)
{
    struct box_row rows[BOX_MAX];
    uint32_t n = 0;
    TRY(box_rows(rq, person, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        TRY(TX_SQL(tx, W_KEY_END, 0, sql_text(rows[i].serial), sql_i64(2), sql_i64(rq->now.ms)));
    }
    return OK;
}
