/* codec/dicom_fuzz.c - any bytes after a right start give UTF-8 fields, whole or cut. */
#include <string.h>

#include "codec/dicom.h"
#include "codec/dicom_start_fuzz.h"
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
    struct req rq;
    req_init(&rq, 16u << 20, (struct instant){0});
    struct str raw = {(const char *)data, size};
    check(&rq, raw, true);
    struct str file = dicom_with_start(&rq, raw);
    if (file.n > 0) {
        check(&rq, file, true);
        check(&rq, file, false);
    }
    req_done(&rq);
    return 0;
}
