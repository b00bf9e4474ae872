/* codec/dicom_int.h - character sets of DICOM text; private to the room. */
#pragma once

#include "codec/dicom.h"

/* What bytes 0x80..0xff mean (PS3.3 C.12.1.1.2). */
enum dicom_high {
    DICOM_HIGH_NONE,     /* ISO_IR 6, or nothing said: ASCII, UTF-8 where it is well-formed */
    DICOM_HIGH_LATIN1,   /* ISO_IR 100 */
    DICOM_HIGH_CYRILLIC, /* ISO_IR 144 */
    DICOM_HIGH_UTF8,     /* ISO_IR 192 */
    DICOM_HIGH_OTHER,    /* replaced by "?" */
};

struct dicom_charset {
    enum dicom_high high; /* at the start of a value */
};

/* From the value of (0008,0005), its first value. */
struct dicom_charset dicom_charset_of(struct str value);
/* Text as UTF-8, control characters dropped. Adds DICOM_REPLACED to *flags when something could not
 * be read. A slice of s when it is plain ASCII. p NULL past the arena's cap. */
struct str dicom_text(struct arena *a, const struct dicom_charset *charset, struct str s,
                      unsigned *flags);
