/* care/upload_facts.c - what a received file says of itself. See upload_facts.h. */
#include "care/upload_facts.h"

#include "codec/dicom.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "os/file.h"

#define T(text) text

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
    member(o, S("patient"), buf_get(&name));
    member(o, S("id"), d->patient_id);
    member(o, S("birth"), d->patient_birth);
    member(o, S("sex"), d->patient_sex);
    member(o, S("modality"), d->modality);
    member(o, S("date"), d->study_date);
    member(o, S("study"), d->study);
    member(o, S("series"), d->series);
    member(o, S("instance"), d->sop_instance);
    member(o, S("description"), d->study_text);
    member(o, S("body"), d->body_part);
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
                      struct str *ret_json)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, rq->a, 16384);
    json_out_init(&o, &b);
    json_obj(&o);
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

static struct str folded(struct req *rq, struct str s)
{
    struct buf b;
    buf_init(&b, rq->a, s.n * 4 + 16);
    utf8_fold(&b, s);
    return buf_get(&b);
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

/* The image's id looks like a national number (12 to 14 digits, or a SNILS of 11) and the patient
 * has numbers, but none is this one. Hospitals' own record numbers say nothing. */
static bool other_id(struct req *rq, struct str id, struct jv patient)
{
    size_t digits = 0;
    bool any = false;
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] >= '0' && id.p[i] <= '9') {
            digits++;
        } else if (!is_separator(id.p[i])) {
            return false;
        }
    }
    if (digits < 11 || digits > 14) {
        return false;
    }
    struct jv list = json_get(patient, S("identifier"));
    for (struct jv v = json_first(list); v.doc != NULL; v = json_next(v)) {
        struct str value = json_str(rq->a, json_get(v, S("value")));
        if (value.n >= 11) {
            any = true;
            if (same_number(value, id)) {
                return false;
            }
        }
    }
    return any;
}

/* No word of the patient's names is among the words of the image's. */
static bool other_name(struct req *rq, struct str name, struct jv patient)
{
    struct str image = folded(rq, name);
    struct str family =
        folded(rq, json_str(rq->a, json_path(patient, S("name.0.family"))));
    struct str word;
    if (image.n == 0 || family.n == 0) {
        return false;
    }
    /* Latin and Cyrillic spellings of one name cannot be told apart here: no warning then. */
    bool image_ascii = (unsigned char)image.p[0] < 0x80;
    bool family_ascii = (unsigned char)family.p[0] < 0x80;
    if (image_ascii != family_ascii) {
        return false;
    }
    while (str_cut(&image, ' ', &word)) {
        if (word.n > 0 && (str_starts(family, word) || str_starts(word, family))) {
            return false;
        }
    }
    return true;
}

enum err upload_mismatch(struct req *rq, struct str facts_json, struct str patient_json,
                         unsigned *ret_bits)
{
    struct json_doc facts;
    struct json_doc patient;
    unsigned bits = 0;
    TRY(json_parse(rq, facts_json, &json_default_limits, &facts));
    TRY(json_parse(rq, patient_json, &json_default_limits, &patient));
    struct jv d = json_get(json_root(&facts), S("dicom"));
    struct jv p = json_root(&patient);
    if (d.doc != NULL) {
        struct str birth = json_str(rq->a, json_get(d, S("birth")));
        struct str own = json_str(rq->a, json_get(p, S("birthDate")));
        bits |= other_id(rq, json_str(rq->a, json_get(d, S("id"))), p) ? DICOM_OTHER_ID : 0;
        bits |= other_name(rq, json_str(rq->a, json_get(d, S("patient"))), p) ? DICOM_OTHER_NAME : 0;
        bits |= birth.n == 10 && own.n == 10 && !str_eq(birth, own) ? DICOM_OTHER_BIRTH : 0;
    }
    *ret_bits = bits;
    return OK;
}
