/* codec/dicom_fuzz.c - any bytes after a right start give UTF-8 fields, whole or cut. */
#include <string.h>

#include "codec/dicom.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct req *rq, struct str window, bool whole)
{
    struct dicom_head h;
    if (dicom_read(rq, window, whole, &h) != OK) {
        return;
    }
    const struct str texts[] = {h.transfer_syntax, h.sop_class, h.sop_instance, h.study, h.series,
                                h.modality, h.patient_id, h.patient_name, h.patient_birth,
                                h.patient_sex, h.study_date, h.study_text, h.series_text,
                                h.accession, h.institution, h.body_part};
    for (size_t i = 0; i < LEN(texts); i++) {
        ASSERT(utf8_is_valid(texts[i]));
        ASSERT(texts[i].n == 0 || memchr(texts[i].p, 0, texts[i].n) == NULL);
    }
    struct buf b;
    buf_init(&b, rq->a, 10000);
    dicom_name(&b, h.patient_name);
    ASSERT(buf_ok(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str syntaxes[] = {
        SI("1.2.840.10008.1.2\0"), SI("1.2.840.10008.1.2.1\0"), SI("1.2.840.10008.1.2.2\0"),
    };
    struct req rq;
    req_init(&rq, 16u << 20, (struct instant){0});
    struct str raw = {(const char *)data, size};
    check(&rq, raw, true);
    if (size > 0) { /* with a meta group in front, so that the data set is reached */
        struct str syntax = syntaxes[data[0] % LEN(syntaxes)];
        struct buf b;
        buf_init(&b, rq.a, size + 1000);
        char zeros[128] = {0};
        buf_bytes(&b, zeros, sizeof(zeros));
        BUF_LIT(&b, "DICM\x02\x00\x10\x00UI");
        buf_char(&b, (char)syntax.n);
        buf_char(&b, 0);
        buf_str(&b, syntax);
        buf_bytes(&b, data + 1, size - 1);
        check(&rq, buf_get(&b), true);
        check(&rq, buf_get(&b), false);
    }
    req_done(&rq);
    return 0;
}
