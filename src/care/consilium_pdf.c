/* care/consilium_pdf.c - the protocol of a consilium on paper, with every signature, refusal and
 * the way to check
 * it. */
#include "care/consilium_int.h"

#include "base/text.h"
#include "care/pdf_case.h"
#include "care/sign_read.h"

static const struct protocol_signature *signature_of(const struct protocol_signature *all, uint32_t n,
                                                     struct str person)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(all[i].person, person)) {
            return &all[i];
        }
    }
    return NULL;
}

/* Of a certificate that is not our own authority's: its number, and whose it is. */
static void token_line(struct buf *b, enum lang lang, const struct cms_verdict *v)
{
    if (!v->is_outside) {
        return;
    }
    BUF_LIT(b, "; ");
    buf_str(b, tr(lang, T("Certificate")));
    BUF_LIT(b, " ");
    buf_str(b, v->signer.serial_hex);
    BUF_LIT(b, ", ");
    buf_str(b, tr(lang, T("issued by")));
    BUF_LIT(b, " ");
    buf_str(b, v->signer.issuer.common_name);
}

static void stamp_line(struct req *rq, struct buf *b, enum lang lang, const struct stamping *s)
{
    if (s->state != STAMPING_NONE) {
        BUF_LIT(b, "; ");
        buf_str(b, tr(lang, T("Time stamp")));
        BUF_LIT(b, ": ");
        stamping_write(b, lang, s, zone_at(&care_of(rq)->zone, s->at.ms));
    }
}

static void seal_line(struct req *rq, struct buf *b, enum lang lang, const struct consilium_member *m,
                      const struct consilium_voice *v, const struct protocol_signature *s)
{
    buf_str(b, m->name);
    BUF_LIT(b, ", ");
    buf_str(b, m->org_name);
    BUF_LIT(b, ": ");
    if (s != NULL && cms_is_good(s->verdict)) {
        sign_time_write(b, s->verdict->signed_at, zone_at(&care_of(rq)->zone, s->verdict->signed_at.ms));
        token_line(b, lang, s->verdict);
        stamp_line(rq, b, lang, &s->stamp);
    } else if (s != NULL) {
        buf_str(b, tr(lang, T("the signature is not valid")));
    } else if (v != NULL && v->signed_state == SIGNED_REFUSED) {
        buf_str(b, tr(lang, T("refused to sign")));
        BUF_LIT(b, ": ");
        buf_str(b, v->refusal);
    } else {
        buf_str(b, tr(lang, T("has not signed")));
    }
    if (v != NULL && v->dissent.n > 0) {
        BUF_LIT(b, " (");
        buf_str(b, tr(lang, T("dissenting opinion")));
        BUF_LIT(b, ")");
    }
    BUF_LIT(b, "\n");
}

static enum err seals(struct req *rq, const struct consilium *c, const struct consilium_item *item,
                      struct str bytes, struct str *ret_text)
{
    struct protocol_signature all[CONSILIUM_MEMBERS_MAX];
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    struct sign_read doc;
    enum lang lang = rq->lang;
    struct buf b;
    uint32_t n = 0;
    uint32_t n_voices = 0;

    TRY(sign_doc_read(rq, bytes, &doc));
    if (!lang_parse(doc.language, &lang)) {
        lang = rq->lang;
    }
    TRY(protocol_signatures(rq, item, bytes, all, LEN(all), &n));
    TRY(consilium_voices_all(rq, item->id, voices, &n_voices));
    buf_init(&b, rq->a, 128 << 10);
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_member *m = &c->members[i];
        const struct protocol_signature *s = signature_of(all, n, m->person);
        if (member_sits(m) || s != NULL) {
            seal_line(rq, &b, lang, m, consilium_voice_of(voices, n_voices, m->person), s);
        }
    }
    buf_str(&b, tr(lang, T("Check this document")));
    BUF_LIT(&b, ": ");
    buf_str(&b, doc.check_url);
    *ret_text = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "signatures");
}

enum err protocol_pdf(struct req *rq, const struct consilium *c, const struct consilium_item *item,
                      struct str *ret_pdf)
{
    struct pdf_conclusion pdf = {.offset_min = care_tz(rq)};
    char sha[65];

    TRY(protocol_bytes(rq, item, &pdf.bundle, sha));
    TRY(seals(rq, c, item, pdf.bundle, &pdf.seals));
    return pdf_conclusion(rq, &pdf, ret_pdf);
}
