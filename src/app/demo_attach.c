/* app/demo_attach.c - files that fit a story, made and uploaded as a person would. */
#include "app/demo_int.h"

#include "app/demo_file.h"
#include "care/upload.h"

/* A kind of file: rows by FILE_ bit. */
struct maker {
    unsigned bit;
    enum { MAKE_PDF, MAKE_JPEG, MAKE_DICOM } how;
    int which; /* enum demo_paper, demo_photo, demo_image */
    const char *name, *type;
    unsigned slices;
};
/* clang-format off */
static const struct maker makers[] = {
    {FILE_LAB,   MAKE_PDF,   DEMO_PAPER_LAB,  "laboratory",   "application/pdf",   1},
    {FILE_ECG,   MAKE_PDF,   DEMO_PAPER_ECG,  "ecg",          "application/pdf",   1},
    {FILE_FILM,  MAKE_JPEG,  DEMO_PHOTO_XRAY, "chest-film",   "image/jpeg",        1},
    {FILE_STRIP, MAKE_JPEG,  DEMO_PHOTO_ECG,  "ecg-strip",    "image/jpeg",        1},
    {FILE_SKIN,  MAKE_JPEG,  DEMO_PHOTO_SKIN, "photo",        "image/jpeg",        1},
    {FILE_CT,    MAKE_DICOM, DEMO_IMAGE_CT,   "ct-head",      "application/dicom", 2},
    {FILE_CR,    MAKE_DICOM, DEMO_IMAGE_CR,   "chest",        "application/dicom", 1},
    {FILE_US,    MAKE_DICOM, DEMO_IMAGE_US,   "ultrasound",   "application/dicom", 1},
};
/* clang-format on */

static enum err make(struct req *rq, const struct maker *m, const struct demo_ask *ask,
                     unsigned slice, struct str *ret_bytes)
{
    switch (m->how) {
    case MAKE_PDF: return demo_pdf(rq, ask, (enum demo_paper)m->which, ret_bytes);
    case MAKE_JPEG: return demo_jpeg(rq, ask, (enum demo_photo)m->which, ret_bytes);
    case MAKE_DICOM: return demo_dicom(rq, ask, (enum demo_image)m->which, slice, ret_bytes);
    }
    return OK;
}

static struct str file_name(struct req *rq, const struct maker *m, unsigned slice)
{
    struct buf b;

    buf_init(&b, rq->a, 80);
    buf_str(&b, str_z(m->name));
    if (m->slices > 1) {
        BUF_LIT(&b, "-");
        buf_u64(&b, slice);
    }
    buf_str(&b, m->how == MAKE_PDF ? S(".pdf") : m->how == MAKE_JPEG ? S(".jpg") : S(".dcm"));
    return buf_get(&b);
}

static enum err upload(struct req *rq, struct str case_id, struct str name, struct str type,
                       struct str bytes)
{
    struct upload_desk *desk = care_of(rq)->uploads;
    struct upload_pen *pen = NULL;
    struct upload up;

    TRY(upload_new(rq, desk, case_id, name, type, bytes.n, &up));
    TRY(upload_pen_open(rq, desk, up.id, 0, &pen));
    TRY(upload_pen_write(rq, pen, bytes));
    TRY(upload_pen_flush(rq, pen));
    enum err e = upload_pen_finish(rq, pen, &up);
    upload_pen_close(pen);
    return e;
}

/* As it stands in the file: of the case's patient or, by somebody's mistake, of another. */
static enum err patient_of(struct req *rq, struct demo *d, const struct demo_case *c,
                           bool of_another, struct demo_patient *ret_who)
{
    struct str id = c->earlier != NULL ? c->earlier->patient : c->patient;
    struct demo_name other;
    struct patient p;
    struct buf dicom;

    TRY(patient_get(rq, id, &p));
    *ret_who = (struct demo_patient){.name = p.name,
                                     .id = p.n_ids > 0 ? p.ids[0].value : S(""),
                                     .birth_date = p.birth_date.n == 10 ? p.birth_date : S(""),
                                     .female = str_eq(p.sex, S("female"))};
    if (of_another) {
        TRY(demo_name(rq, &d->dice, c->story->lang, !ret_who->female, &other));
        ret_who->id = S("");
        ret_who->birth_date = S("1957-03-08");
        p.family = other.family;
        p.given = other.given;
        p.middle = other.middle;
    }
    buf_init(&dicom, rq->a, 300);
    buf_str(&dicom, p.unidentified && !of_another ? S("Unknown") : p.family);
    BUF_LIT(&dicom, "^");
    buf_str(&dicom, p.unidentified && !of_another ? S("") : p.given);
    BUF_LIT(&dicom, "^");
    buf_str(&dicom, p.unidentified && !of_another ? S("") : p.middle);
    ret_who->dicom_name = buf_get(&dicom);
    return OK;
}

static enum err attach_one(struct req *rq, const struct maker *m, const struct demo_ask *ask,
                           struct str case_id)
{
    for (unsigned slice = 1; slice <= m->slices; slice++) {
        struct str bytes;
        TRY(make(rq, m, ask, slice, &bytes));
        TRY(upload(rq, case_id, file_name(rq, m, slice), str_z(m->type), bytes));
    }
    return OK;
}

enum err demo_attach(struct req *rq, struct demo *d, const struct demo_case *c)
{
    const struct demo_person *by = &d->region->people[c->asker];
    struct demo_ask ask = {.lang = c->story->lang,
                           .at = {rq->now.ms - dice_between(&d->dice, 20, 400) * MS_MINUTE},
                           .offset_min = care_tz(rq),
                           .seed = dice_next(&d->dice)};
    const struct directory *dir = NULL;

    TRY(directory_get(rq, &dir));
    ask.organization = dir_org_name(dir, by->posts[0].org);
    for (size_t i = 0; i < LEN(makers); i++) {
        const struct maker *m = &makers[i];
        /* every file does not come with every case, and one image in nine is of somebody else */
        if ((c->story->files & m->bit) == 0 || dice_roll(&d->dice, m->how == MAKE_DICOM ? 2 : 4) == 0) {
            continue;
        }
        TRY(patient_of(rq, d, c, m->how == MAKE_DICOM && c->no % 9 == 4, &ask.patient));
        TRY(attach_one(rq, m, &ask, c->id));
    }
    return OK;
}
