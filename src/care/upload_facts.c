/* care/upload_facts.c - what a received file says of itself. See upload_facts.h. */
#include "care/upload_facts.h"

#include "base/text.h"
#include "codec/dicom.h"
#include "codec/json.h"
#include "fhir/extract.h"
#include "os/file.h"

static void member(struct json_out *o, struct str key, struct str value)
{
    if (value.n > 0) {
        json_ks(o, key, value);
    }
}

static void dicom_facts(struct json_out *o, struct arena *a, const struct dicom_head *d)
{
    struct buf name;
    buf_init(&name, a, 1024);
    dicom_name(&name, d->patient_name);
    json_k(o, S("dicom"));
    json_obj(o);
    member(o, S("patientName"), buf_get(&name));
    member(o, S("patientId"), d->patient_id);
    member(o, S("birthDate"), d->patient_birth);
    member(o, S("sex"), d->patient_sex);
    member(o, S("modality"), d->modality);
    member(o, S("studyDate"), d->study_date);
    member(o, S("studyUid"), d->study);
    member(o, S("seriesUid"), d->series);
    member(o, S("sopUid"), d->sop_instance);
    member(o, S("description"), d->study_text);
    json_obj_end(o);
}

static enum err read_window(struct req *rq, const char *path, struct str *ret_window, bool *ret_whole)
{
    char *p = arena_alloc_raw(rq->a, DICOM_WINDOW);
    size_t n = 0;
    size_t got = 0;
    int fd;
    TRY_MEM(rq, p);
    TRY(os_open_read(rq, path, &fd));
    enum err e = OK;
    do {
        e = os_read_at(rq, fd, n, p + n, DICOM_WINDOW - n, &got);
        n += got;
    } while (e == OK && got > 0 && n < DICOM_WINDOW);
    os_close(fd);
    TRY(e);
    *ret_window = (struct str){p, n};
    *ret_whole = n < DICOM_WINDOW;
    return OK;
}

static enum err write_dicom(struct req *rq, const char *path, struct json_out *o)
{
    struct str window;
    struct dicom_head head;
    bool whole = false;
    TRY(read_window(rq, path, &window, &whole));
    enum err e = dicom_read(rq, window, whole, &head);
    if (e == E_SYNTAX || e == E_MEDIA_TYPE) {
        err_clear(rq);
        json_ks(o, S("note"), S(T("This medical image could not be read; it was kept as it is.")));
        return OK;
    }
    TRY(e);
    dicom_facts(o, rq->a, &head);
    return OK;
}

enum err upload_facts(struct req *rq, const char *path, const struct file_finding *f,
                      bool unscanned, struct str *ret_json)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, 16384);
    json_out_init(&o, &b);
    json_obj(&o);
    if (unscanned) {
        json_ks(&o, S("unscanned"), S("yes"));
    }
    if (f->renamed) {
        json_ks(&o, S("note"), S(T("The file is of another kind than its name says; it was renamed.")));
    } else if (str_eq(f->kind->type, S("application/dicom"))) {
        TRY(write_dicom(rq, path, &o));
    }
    json_obj_end(&o);
    TRY_MEM(rq, buf_get(&b).p);
    *ret_json = buf_get(&b);
    return OK;
}

static bool is_separator(char c)
{
    return c == '-' || c == ' ' || c == '.' || c == '/';
}

/* Equal but for separators: SNILS is printed with them. */
static bool same_number(struct str a, struct str b)
{
    size_t i = 0;
    size_t j = 0;
    for (;;) {
        while (i < a.n && is_separator(a.p[i])) {
            i++;
        }
        while (j < b.n && is_separator(b.p[j])) {
            j++;
        }
        if (i == a.n || j == b.n) {
            return i == a.n && j == b.n;
        }
        if (a.p[i++] != b.p[j++]) {
            return false;
        }
    }
}

static bool is_national_number(struct str id)
{
    size_t digits = 0;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] >= '0' && id.p[i] <= '9') {
            digits++;
        } else if (!is_separator(id.p[i])) {
            return false;
        }
    }
    return digits >= 11 && digits <= 14;
}

enum same { UNKNOWN, SAME, OTHER };

/* Hospitals' own record numbers say nothing; a national number the patient does not have does. */
static enum same compare_ids(struct str id, const struct patient *p)
{
    bool any = false;
    for (uint32_t i = 0; i < p->n_ids; i++) {
        if (same_number(p->ids[i].value, id)) {
            return SAME;
        }
        any = any || is_national_number(p->ids[i].value);
    }
    return any && is_national_number(id) ? OTHER : UNKNOWN;
}

/* One shared word is enough. Two alphabets cannot be compared here. */
static enum same compare_names(struct req *rq, struct str file, struct str have)
{
    file = fhir_fold(rq, file);
    have = fhir_fold(rq, have);
    if (file.n == 0 || have.n == 0 ||
        ((unsigned char)file.p[0] < 0x80) != ((unsigned char)have.p[0] < 0x80)) {
        return UNKNOWN;
    }
    size_t from = 0;
    bool any = false;
    for (size_t i = 0; i <= file.n; i++) { /* words end at blanks and at DICOM's "^" */
        if (i < file.n && file.p[i] != ' ' && file.p[i] != '^') {
            continue;
        }
        struct str word = str_sub(file, from, i - from);
        from = i + 1;
        any = any || word.n > 0;
        if (word.n >= 3 && str_find(have, word) < have.n) {
            return SAME;
        }
    }
    return any ? OTHER : UNKNOWN; /* "^^^^" names nobody */
}

bool dicom_is_other_patient(struct req *rq, const struct dicom_facts *d, const struct patient *p)
{
    enum same id = compare_ids(d->patient_id, p);
    if (id != UNKNOWN) {
        return id == OTHER;
    }
    if (d->birth_date.n == 10 && p->birth_date.n == 10 && !str_eq(d->birth_date, p->birth_date)) {
        return true;
    }
    return compare_names(rq, d->patient_name, p->name) == OTHER;
}
