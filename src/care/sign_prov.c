/* care/sign_prov.c - the Provenance of a signed document: who signed which bytes, and the signature. See
 * sign_doc.h. */
#include <sodium.h>

#include "care/put.h"
#include "care/sign_write.h"
#include "codec/b64.h"

static void signature_write(struct sign_writer *w, struct str cms, struct str at)
{
    struct buf data;
    buf_init(&data, w->rq->a, b64_chars(cms.n) + 1);
    b64_write(&data, cms.p, cms.n, B64_STD);
    json_k(&w->o, S("signature"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_k(&w->o, S("type"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:iso-astm:E1762-95:2013"));
    json_ks(&w->o, S("code"), S("1.2.840.10065.1.12.1.1"));
    json_ks(&w->o, S("display"), S("Author's Signature"));
    json_obj_end(&w->o);
    json_arr_end(&w->o);
    json_ks(&w->o, S("when"), at);
    json_k(&w->o, S("who"));
    sign_author_ref(w);
    json_ks(&w->o, S("targetFormat"), S("application/fhir+json"));
    json_ks(&w->o, S("sigFormat"), S("application/pkcs7-signature"));
    json_ks(&w->o, S("data"), buf_get(&data));
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

/* What exactly was signed: the bytes, by their hash. */
static void entity_write(struct sign_writer *w, struct str bytes)
{
    uint8_t sha[crypto_hash_sha256_BYTES];
    struct buf name;
    buf_init(&name, w->rq->a, 128);
    (void)crypto_hash_sha256(sha, (const unsigned char *)bytes.p, bytes.n);
    sign_hash_name(&name, sha);
    json_k(&w->o, S("entity"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("role"), S("source"));
    json_k(&w->o, S("what"));
    json_obj(&w->o);
    json_k(&w->o, S("identifier"));
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:ietf:rfc:3986"));
    json_ks(&w->o, S("value"), buf_get(&name));
    json_obj_end(&w->o);
    json_obj_end(&w->o);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

enum err sign_doc_provenance(struct req *rq, const struct sign_doc *d, struct str bytes,
                             struct str cms, struct str *ret_json)
{
    struct buf b;
    struct sign_writer w = {.rq = rq, .d = d};
    struct str at = sign_instant(rq, d->at);
    buf_init(&b, rq->a, 256 * 1024);
    json_out_init(&w.o, &b);
    json_obj(&w.o);
    json_ks(&w.o, S("resourceType"), S("Provenance"));
    json_k(&w.o, S("target"));
    json_arr(&w.o);
    json_obj(&w.o);
    json_ks(&w.o, S("reference"),
            d->target.n > 0 ? d->target : sign_joined(rq, S("Bundle/"), d->bundle_id, (struct str){0}));
    json_obj_end(&w.o);
    json_arr_end(&w.o);
    json_ks(&w.o, S("recorded"), at);
    json_k(&w.o, S("agent"));
    json_arr(&w.o);
    json_obj(&w.o);
    json_k(&w.o, S("type"));
    json_obj(&w.o);
    put_coding(&w.o, S("http://terminology.hl7.org/CodeSystem/provenance-participant-type"), S("author"),
           S("Author"));
    json_obj_end(&w.o);
    json_k(&w.o, S("who"));
    sign_author_ref(&w);
    sign_ref(&w, S("onBehalfOf"), S("Organization"), sign_id_of(&w, d->organization),
             d->organization_name);
    json_obj_end(&w.o);
    json_arr_end(&w.o);
    entity_write(&w, bytes);
    signature_write(&w, cms, at);
    json_obj_end(&w.o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "signature");
    }
    *ret_json = buf_get(&b);
    return OK;
}
