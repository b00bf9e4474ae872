/* care/modality.c - DICOM writes kinds of images as codes of two letters (PS3.3 C.7.3.1.1.1): clinicians here
 * know most of them by other names. */
#include "care/modality.h"

#include "base/text.h"

enum { WORDS_MAX_BYTES = 1024 };

static const struct {
    struct str code;
    const char *text;
} modalities[] = {
    {SI("CT"), T("CT")},
    {SI("MR"), T("MRI")},
    {SI("US"), T("Ultrasound")},
    {SI("IVUS"), T("Intravascular ultrasound")},
    {SI("CR"), T("X-ray")},
    {SI("DX"), T("X-ray")},
    {SI("RG"), T("X-ray")},
    {SI("RF"), T("Fluoroscopy")},
    {SI("MG"), T("Mammography")},
    {SI("XA"), T("Angiography")},
    {SI("PT"), T("PET")},
    {SI("NM"), T("Scintigraphy")},
    {SI("BMD"), T("Densitometry")},
    {SI("IO"), T("Dental X-ray")},
    {SI("PX"), T("Dental panorama")},
    {SI("ES"), T("Endoscopy")},
    {SI("GM"), T("Microscopy")},
    {SI("SM"), T("Slide of a specimen")},
    {SI("OP"), T("Fundus photograph")},
    {SI("OPT"), T("Optical coherence tomography")},
    {SI("XC"), T("Photograph")},
    {SI("ECG"), T("ECG")},
    {SI("SC"), T("Screen copy")},
    {SI("OT"), T("Other image")},
    {SI("SR"), T("report")},
    {SI("DOC"), T("document")},
    {SI("PR"), T("display settings")},
    {SI("KO"), T("marked images")},
    {SI("SEG"), T("outlines")},
};

static struct str words_of(struct req *rq, struct str code)
{
    for (size_t i = 0; i < LEN(modalities); i++) {
        if (str_eq(code, modalities[i].code)) {
            return tr(rq->lang, modalities[i].text);
        }
    }
    return code;
}

struct str modality_words(struct req *rq, struct str list)
{
    struct str one;
    struct buf b;

    buf_init(&b, rq->a, WORDS_MAX_BYTES);
    while (list.n > 0 && str_cut(&list, '\\', &one)) {
        if (one.n > 0) {
            buf_str(&b, b.n > 0 ? S(", ") : S(""));
            buf_str(&b, words_of(rq, str_trim(one)));
        }
    }
    return buf_get(&b);
}
