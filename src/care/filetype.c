/* care/filetype.c - which files a case may carry. See filetype.h. */
#include "care/filetype.h"

#include "base/text.h"
#include <magic.h>

#include "codec/utf8.h"
#include "os/file.h"

/* clang-format off */
static const struct file_kind kinds[] = {
    {SI("application/pdf"),    SI(".pdf"),  T("PDF document"),   true },
    {SI("image/jpeg"),         SI(".jpg"),  T("Picture"),        true },
    {SI("image/png"),          SI(".png"),  T("Picture"),        true },
    {SI("image/webp"),         SI(".webp"), T("Picture"),        true },
    {SI("image/gif"),          SI(".gif"),  T("Picture"),        true },
    {SI("image/bmp"),          SI(".bmp"),  T("Picture"),        true },
    {SI("image/tiff"),         SI(".tif"),  T("Picture"),        false},
    {SI("image/heic"),         SI(".heic"), T("Picture"),        false},
    {SI("application/dicom"),  SI(".dcm"),  T("Medical image"),  false},
    {SI("text/plain"),         SI(".txt"),  T("Text"),           true },
    {SI("text/csv"),           SI(".csv"),  T("Table"),          false},
    {SI("text/rtf"),           SI(".rtf"),  T("Text"),           false},
    {SI("application/msword"), SI(".doc"),  T("Text"),           false},
    {SI("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
                               SI(".docx"), T("Text"),           false},
    {SI("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
                               SI(".xlsx"), T("Table"),          false},
    {SI("application/vnd.oasis.opendocument.text"),
                               SI(".odt"),  T("Text"),           false},
    {SI("video/mp4"),          SI(".mp4"),  T("Video"),          false},
    {SI("video/quicktime"),    SI(".mov"),  T("Video"),          false},
    {SI("video/webm"),         SI(".webm"), T("Video"),          true },
    {SI("audio/mpeg"),         SI(".mp3"),  T("Sound"),          false},
    {SI("audio/x-wav"),        SI(".wav"),  T("Sound"),          false},
    {SI("audio/ogg"),          SI(".ogg"),  T("Sound"),          true },
    {SI("audio/x-m4a"),        SI(".m4a"),  T("Sound"),          false},
};

/* Names that go with the kinds above but differ from their own extension. */
static const struct {
    struct str ext;
    struct str type;
} other_names[] = {
    {SI(".jpeg"), SI("image/jpeg")}, {SI(".tiff"), SI("image/tiff")},
    {SI(".dicom"), SI("application/dicom")}, {SI(".log"), SI("text/plain")},
    {SI(".csv"), SI("text/plain")}, {SI(".oga"), SI("audio/ogg")},
};

/* What is refused, by content. A prefix ends in '*'. The first row that fits counts. */
static const struct {
    struct str type;
    enum file_verdict verdict;
} refused[] = {
    {SI("inode/x-empty"), FILE_EMPTY},
    {SI("application/x-empty"), FILE_EMPTY},
    {SI("application/x-dosexec"), FILE_PROGRAM},
    {SI("application/vnd.microsoft.portable-executable"), FILE_PROGRAM},
    {SI("application/x-executable"), FILE_PROGRAM},
    {SI("application/x-pie-executable"), FILE_PROGRAM},
    {SI("application/x-sharedlib"), FILE_PROGRAM},
    {SI("application/x-mach-binary"), FILE_PROGRAM},
    {SI("application/x-msi"), FILE_PROGRAM},
    {SI("application/x-ms-shortcut"), FILE_PROGRAM},
    {SI("application/java-archive"), FILE_PROGRAM},
    {SI("application/vnd.android.package-archive"), FILE_PROGRAM},
    {SI("application/x-java-applet"), FILE_PROGRAM},
    {SI("application/javascript"), FILE_PROGRAM},
    {SI("text/x-*"), FILE_PROGRAM},
    {SI("application/x-shellscript"), FILE_PROGRAM},
    {SI("text/html"), FILE_ACTIVE},
    {SI("text/xml"), FILE_ACTIVE},
    {SI("application/xml"), FILE_ACTIVE},
    {SI("application/xhtml+xml"), FILE_ACTIVE},
    {SI("image/svg+xml"), FILE_ACTIVE},
    {SI("application/x-shockwave-flash"), FILE_ACTIVE},
    {SI("application/zip"), FILE_ARCHIVE},
    {SI("application/x-rar*"), FILE_ARCHIVE},
    {SI("application/x-7z-compressed"), FILE_ARCHIVE},
    {SI("application/gzip"), FILE_ARCHIVE},
    {SI("application/x-bzip2"), FILE_ARCHIVE},
    {SI("application/x-xz"), FILE_ARCHIVE},
    {SI("application/x-tar"), FILE_ARCHIVE},
    {SI("application/x-iso9660-image"), FILE_ARCHIVE},
};

/* Extensions that run when double-clicked, whatever the bytes say. */
static const struct str running_names[] = {
    SI(".exe"), SI(".com"), SI(".bat"), SI(".cmd"), SI(".scr"), SI(".pif"), SI(".js"), SI(".jse"),
    SI(".vbs"), SI(".vbe"), SI(".wsf"), SI(".hta"), SI(".ps1"), SI(".msi"), SI(".lnk"), SI(".jar"),
    SI(".apk"), SI(".sh"), SI(".docm"), SI(".xlsm"), SI(".pptm"), SI(".reg"), SI(".cpl"),
};
/* clang-format on */

static const char *const verdict_texts[FILE_VERDICT_COUNT] = {
    [FILE_TAKEN] = "",
    [FILE_EMPTY] = T("The file is empty. Please choose it again."),
    [FILE_PROGRAM] = T("This file is a program or script. Programs are not accepted."),
    [FILE_ACTIVE] =
        T("This file could run something when opened. Please save it as a PDF or a picture."),
    [FILE_ARCHIVE] = T("This file is an archive. Please send the files inside it one by one."),
    [FILE_UNKNOWN] =
        T("This kind of file is not accepted. Please send a PDF, a picture, a DICOM image, a video "
          "or a text."),
    [FILE_VIRUS] = T("A virus was found in this file. It was not kept. Please have the computer it comes "
                     "from looked at before you send it anew."),
    [FILE_UNSCANNED] = T("This file is larger than the virus scanner takes, and was not kept. Please tell "
                         "the administrator, or send it in parts."),
};

const char *file_verdict_text(enum file_verdict v)
{
    return verdict_texts[v];
}

const struct file_kind *file_kind_find(struct str type)
{
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(kinds[i].type, type)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static struct str extension(struct str name)
{
    for (size_t i = name.n; i-- > 0;) {
        if (name.p[i] == '.') {
            return str_sub(name, i, name.n);
        }
        if (name.p[i] == '/' || name.p[i] == '\\') {
            break;
        }
    }
    return (struct str){"", 0};
}

static bool runs_by_name(struct str ext)
{
    for (size_t i = 0; i < LEN(running_names); i++) {
        if (str_eq_nocase(ext, running_names[i])) {
            return true;
        }
    }
    return false;
}

static enum file_verdict refusal(struct str type)
{
    for (size_t i = 0; i < LEN(refused); i++) {
        struct str row = refused[i].type;
        bool prefix = str_ends(row, S("*"));
        if (prefix ? str_starts(type, str_sub(row, 0, row.n - 1)) : str_eq(type, row)) {
            return refused[i].verdict;
        }
    }
    return FILE_UNKNOWN;
}

/* Does the name's extension belong to the kind? No extension is no claim. */
static bool name_fits(struct str ext, const struct file_kind *kind)
{
    if (ext.n <= 1 || str_eq_nocase(ext, kind->ext)) {
        return true;
    }
    for (size_t i = 0; i < LEN(other_names); i++) {
        if (str_eq_nocase(ext, other_names[i].ext) && str_eq(kind->type, other_names[i].type)) {
            return true;
        }
    }
    return false;
}

/* A medical image may begin as a TIFF, so that viewers of pictures open it too (PS3.10 7.1). */
static enum err is_both(struct req *rq, const char *path, bool *ret_both)
{
    CLEANUP(os_close_p) int fd = -1;
    char mark[4] = {0};
    size_t got = 0;
    TRY(os_open_read(rq, path, &fd));
    TRY(os_read_at(rq, fd, 128, mark, sizeof mark, &got));
    *ret_both = str_eq((struct str){mark, got}, S("DICM"));
    return OK;
}

enum err file_judge(struct req *rq, const char *path, struct str name, struct file_finding *ret_f)
{
    struct file_finding f = {.verdict = FILE_UNKNOWN};
    struct str ext = extension(name);
    magic_t m = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS |
                           MAGIC_NO_CHECK_TAR);
    if (m == NULL || magic_load(m, NULL) != 0) {
        if (m != NULL) {
            magic_close(m);
        }
        return FAIL(rq, E_IO, "file type database");
    }
    struct str type = arena_str(rq->a, str_z(magic_file(m, path)));
    magic_close(m);
    if (type.p == NULL || type.n == 0) {
        return FAIL(rq, E_IO, "file type");
    }
    if (str_eq(type, S("image/tiff"))) {
        bool both = false;
        TRY(is_both(rq, path, &both));
        type = both ? S("application/dicom") : type;
    }
    f.kind = file_kind_find(type);
    if (f.kind == NULL) {
        f.verdict = refusal(type);
    } else if (runs_by_name(ext)) {
        f.verdict = FILE_PROGRAM;
        f.kind = NULL;
    } else {
        f.verdict = FILE_TAKEN;
        f.renamed = !name_fits(ext, f.kind);
    }
    *ret_f = f;
    return OK;
}

struct str file_name_clean(struct arena *a, struct str name, const struct file_kind *kind,
                           bool renamed)
{
    struct str last = name;
    for (size_t i = name.n; i-- > 0;) {
        if (name.p[i] == '/' || name.p[i] == '\\') {
            last = str_sub(name, i + 1, name.n);
            break;
        }
    }
    struct str ext = extension(last);
    struct str stem = ext.n > 0 ? str_sub(last, 0, last.n - ext.n) : last;
    struct buf b;
    buf_init(&b, a, 1024);
    stem = str_trim(utf8_cut(stem, 100));
    for (size_t i = 0; i < stem.n; i++) {
        unsigned char c = (unsigned char)stem.p[i];
        buf_char(&b, c < 0x20 || c == 0x7f || c == '"' ? '_' : stem.p[i]);
    }
    if (stem.n == 0) {
        BUF_LIT(&b, "file");
    }
    if (renamed || (ext.n == 0 && kind != NULL)) {
        buf_str(&b, kind->ext);
    } else if (ext.n <= 12) {
        for (size_t i = 0; i < ext.n; i++) {
            unsigned char c = (unsigned char)ext.p[i];
            buf_char(&b, c < 0x20 || c == 0x7f || c == '"' ? '_' : ext.p[i]);
        }
    }
    return buf_get(&b);
}
