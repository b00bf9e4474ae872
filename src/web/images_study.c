/* web/images_study.c - one study on a page of plain HTML: series, the middle slice as the server draws it,
 * links to its neighbours, windows and frames. web/viewer.ts makes the viewer of it where scripts run; the
 * page is whole without them, and its first picture never waits for them. */
#include "base/text.h"
#include "care/care.h"
#include "care/imaging.h"
#include "care/modality.h"
#include "web/images_int.h"
#include "web/marks.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { URL_MAX_BYTES = 900, TEN = 10, SIDE_SAVING = 480, SIDE_MOST = 768 };
enum { QUALITY = 80, QUALITY_SAVING = 50 };

/* What the address asks for, and what was found for it. */
struct looking {
    struct http_req *h;
    struct str base;              /* address of the page that shows it */
    struct dicom_study study;
    struct str asked;             /* series UID; empty: the first with pictures */
    struct val *series_list;
    struct dicom_series series;   /* key 0: none yet */
    struct val *series_val;
    struct str wanted;            /* SOP instance UID; empty: slice at */
    uint64_t at;                  /* slice, from 0 */
    uint64_t seen;                /* instances passed while looking for it */
    struct dicom_instance inst;   /* key 0: none */
    uint64_t frame;               /* from 1 */
    const struct image_window *window;
};

/* Objects of these modalities are no pictures: reports, marks, lists. */
static bool is_picture(struct str modality)
{
    static const char *const others[] = {"SR", "PR", "KO", "DOC", "SEG", "REG", "RTSTRUCT", "AU"};
    for (size_t i = 0; i < LEN(others); i++) {
        if (str_eq(modality, str_z(others[i]))) {
            return false;
        }
    }
    return true;
}

static void add_part(struct buf *b, const char *key, uint64_t n)
{
    struct buf number;
    buf_init(&number, b->a, 24);
    buf_u64(&number, n);
    page_query(b, key, buf_get(&number));
}

/* This page with another slice, frame or window; window NULL: as the images say. */
static struct str here(struct looking *l, struct str series, uint64_t at, uint64_t frame,
                       const struct image_window *window)
{
    struct buf b;
    buf_init(&b, l->h->rq.a, URL_MAX_BYTES);
    buf_str(&b, l->base);
    page_query(&b, "series", series);
    if (at != UINT64_MAX) {
        add_part(&b, "at", at + 1);
    }
    if (frame > 1) {
        add_part(&b, "frame", frame);
    }
    if (window != NULL) {
        page_query(&b, "window", window->code);
    }
    BUF_LIT(&b, "#picture");
    return buf_get(&b);
}

static void series_url(struct looking *l, struct buf *b, struct str series)
{
    images_study_url(b, l->study.uid);
    BUF_LIT(b, "/series/");
    buf_str(b, series);
}

static enum err add_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    struct looking *l = ctx;
    struct val *m = val_add_map(l->series_list);
    struct buf b;
    buf_init(&b, rq->a, URL_MAX_BYTES);
    series_url(l, &b, s->uid);
    BUF_LIT(&b, "/thumbnail");
    val_set_str(m, "uid", s->uid);
    val_set_str(m, "modality", modality_words(&l->h->rq, s->modality));
    val_set_str(m, "description", s->description);
    val_set_bool(m, "numbered", s->number != DICOM_NO_NUMBER);
    val_set_i64(m, "number", s->number);
    val_set_i64(m, "n_instances", s->n_instances);
    val_set_bool(m, "picture", is_picture(s->modality));
    val_set_str(m, "thumb", buf_get(&b));
    val_set_str(m, "href", here(l, s->uid, UINT64_MAX, 1, NULL));
    bool wanted = l->asked.n > 0 ? str_eq(s->uid, l->asked) : is_picture(s->modality);
    if (wanted && l->series.key == 0) {
        l->series = *s;
        l->series_val = m;
    }
    return OK;
}

static enum err pick_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    struct looking *l = ctx;
    uint64_t at = l->seen++;
    (void)rq;
    if (l->wanted.n > 0 ? str_eq(i->uid, l->wanted) : at == l->at) {
        l->inst = *i;
        l->at = at;
    }
    return OK;
}

/* ---- the picture ---- */

static void add_tones(struct looking *l, struct buf *b)
{
    struct buf w;
    if (l->window == NULL) {
        return;
    }
    buf_init(&w, l->h->rq.a, 64);
    buf_i64(&w, l->window->centre);
    buf_char(&w, ',');
    buf_i64(&w, l->window->width);
    BUF_LIT(&w, ",linear");
    page_query(b, "window", buf_get(&w));
}

static uint32_t side_of(const struct dicom_instance *i, bool saving)
{
    uint32_t side = i->rows > i->columns ? i->rows : i->columns;
    uint32_t most = saving ? SIDE_SAVING : SIDE_MOST;
    return side == 0 || side > most ? most : side;
}

/* The server's drawing, no larger than the image or a usual window. */
static void picture_url(struct looking *l, struct buf *b)
{
    bool saving = str_eq_nocase(str_or_empty(http_header(l->h, "Save-Data")), S("on"));
    uint32_t side = side_of(&l->inst, saving);
    struct buf size;
    series_url(l, b, l->series.uid);
    BUF_LIT(b, "/instances/");
    buf_str(b, l->inst.uid);
    if (l->inst.frames > 1) {
        BUF_LIT(b, "/frames/");
        buf_u64(b, l->frame);
    }
    BUF_LIT(b, "/rendered");
    buf_init(&size, l->h->rq.a, 32);
    buf_u64(&size, side);
    buf_char(&size, ',');
    buf_u64(&size, side);
    page_query(b, "viewport", buf_get(&size));
    add_part(b, "quality", saving ? QUALITY_SAVING : QUALITY);
    add_tones(l, b);
}

static void set_picture(struct looking *l, struct val *root)
{
    struct val *m = val_set_map(root, "picture");
    struct buf b;
    buf_init(&b, l->h->rq.a, URL_MAX_BYTES);
    picture_url(l, &b);
    val_set_str(m, "src", buf_get(&b));
    val_set_i64(m, "columns", l->inst.columns);
    val_set_i64(m, "rows", l->inst.rows);
}

/* ---- moving ---- */

static void add_step(struct looking *l, struct val *list, const char *kind, uint64_t n, uint64_t k)
{
    bool frames = str_eq(str_z(kind), S("frame"));
    struct val *m = val_add_map(list);
    val_set_i64(m, "n", (int64_t)n);
    val_set_str(m, "href", frames ? here(l, l->series.uid, l->at, k + 1, l->window)
                                  : here(l, l->series.uid, k, 1, l->window));
}

/* before10, before, after, after10: where one may go from place k of n. */
static void set_steps(struct looking *l, struct val *root, const char *name, const char *kind, uint64_t k,
                      uint64_t n)
{
    struct val *m = val_set_map(root, name);
    val_set_i64(m, "at", (int64_t)k + 1);
    val_set_i64(m, "of", (int64_t)n);
    if (k >= TEN) {
        add_step(l, val_set_list(m, "before10"), kind, TEN, k - TEN);
    }
    if (k > 0) {
        add_step(l, val_set_list(m, "before"), kind, 1, k - 1);
    }
    if (k + 1 < n) {
        add_step(l, val_set_list(m, "after"), kind, 1, k + 1);
    }
    if (k + TEN < n) {
        add_step(l, val_set_list(m, "after10"), kind, TEN, k + TEN);
    }
}

static void set_windows(struct looking *l, struct val *root)
{
    const struct content *c = care_of(&l->h->rq)->content;
    struct val *list = val_set_list(root, "windows");
    val_set_str(root, "window_own", here(l, l->series.uid, l->at, l->frame, NULL));
    val_set_bool(root, "window_is_own", l->window == NULL);
    for (uint32_t i = 0; i < c->n_windows; i++) {
        const struct image_window *w = &c->windows[i];
        if (!str_eq(w->modality, l->series.modality)) {
            continue;
        }
        struct val *m = val_add_map(list);
        val_set_str(m, "title", text4_get(&w->title, l->h->rq.lang));
        val_set_str(m, "code", w->code);
        val_set_i64(m, "centre", w->centre);
        val_set_i64(m, "width", w->width);
        val_set_bool(m, "current", w == l->window);
        val_set_str(m, "href", here(l, l->series.uid, l->at, l->frame, w));
        if (!w->verified) {
            val_set_str(root, "windows_source", text4_get(&w->source, l->h->rq.lang));
        }
    }
}

static uint64_t number_of(struct http_req *h, struct str name, uint64_t otherwise)
{
    uint64_t n = 0;
    return str_u64(http_query(h, name), &n) && n > 0 ? n : otherwise;
}

static enum err set_series(struct looking *l, struct val *root)
{
    struct http_req *h = l->h;
    const struct content *c = care_of(&h->rq)->content;
    uint64_t n = l->series.n_instances;
    l->at = number_of(h, S("at"), n / 2 + 1) - 1;
    l->at = l->at < n ? l->at : n - 1;
    TRY(dicom_instance_each(&h->rq, l->series.key, pick_instance, l));
    if (l->inst.key == 0) { /* the image asked for is not in this series */
        l->wanted = S("");
        l->seen = 0;
        TRY(dicom_instance_each(&h->rq, l->series.key, pick_instance, l));
    }
    uint64_t frames = l->inst.frames > 0 ? l->inst.frames : 1;
    l->frame = number_of(h, S("frame"), frames / 2 + 1);
    l->frame = l->frame <= frames ? l->frame : frames;
    l->window = content_window(c, http_query(h, S("window")));
    if (l->window != NULL && !str_eq(l->window->modality, l->series.modality)) {
        l->window = NULL;
    }
    val_set_bool(l->series_val, "current", true);
    val_set(root, "series_now", l->series_val);
    val_set_str(root, "instance", l->inst.uid);
    if (l->inst.key == 0 || !is_picture(l->series.modality)) {
        return OK;
    }
    set_picture(l, root);
    set_steps(l, root, "slices", "slice", l->at, n);
    set_steps(l, root, "frames", "frame", l->frame - 1, frames);
    set_windows(l, root);
    return OK;
}

/* A study of the case, or another one of its patient: never of somebody else below this banner. */
static enum err belongs(struct http_req *h, const struct case_view *v, const struct dicom_study *s)
{
    struct dicom_place place;
    if (s->patient != 0 && s->patient == v->row.patient_rid) {
        return OK;
    }
    return dicom_place_find(&h->rq, s->key, v->row.id, &place);
}

/* The study the address names, when it belongs here. */
static enum err look_at(struct http_req *h, const struct case_view *v, struct str study,
                        struct looking *ret_l)
{
    struct looking l = {.h = h, .asked = str_or_empty(http_query(h, S("series"))),
                        .wanted = str_or_empty(http_query(h, S("image")))};
    TRY(imaging_open(&h->rq, study, AUDIT_READ, &l.study));
    TRY(belongs(h, v, &l.study));
    *ret_l = l;
    return OK;
}

static enum err set_study(struct looking *l, const struct case_view *v, struct val *root)
{
    images_study(l->h, v->row.id, &l->study, val_set_map(root, "study"));
    l->series_list = val_set_list(root, "series");
    TRY(dicom_series_each(&l->h->rq, l->study.key, add_series, l));
    return l->series.key != 0 ? set_series(l, root) : OK;
}

enum err images_set_study(struct http_req *h, const struct case_view *v, struct str study,
                          struct str base, struct val *root)
{
    struct looking l;
    TRY(look_at(h, v, study, &l));
    l.base = base;
    return set_study(&l, v, root);
}

enum err web_images_study(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct looking l;
    struct val *root = NULL;
    struct buf b;
    TRY_MEM(&h->rq, v);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(look_at(h, v, http_param(h, S("study")), &l));
    TRY(case_begin(h, v, T("Images"), &root));
    page_kind(root, "wide");
    page_viewer(root);
    page_events(root, page_path(h, "/events?case=", v->row.id, ""));
    buf_init(&b, h->rq.a, URL_MAX_BYTES);
    buf_str(&b, case_path(h, v->row.id, "/images/"));
    buf_str(&b, l.study.uid);
    l.base = buf_get(&b);
    TRY(set_study(&l, v, root));
    TRY(images_set_case(h, v, IMAGES_SHOWN, root));
    TRY(images_set_earlier(h, v, root));
    TRY(marks_set(h, &v->row, l.study.uid, root));
    return page_reply(h, root, tpl_images_study);
}
