/* codec/dicom_head.h - how a DICOM file begins (PS3.10 7.1): preamble and the elements of group 0002. With
 * it the few writers of explicit little endian values that all who write files need.
 *
 * All write into a builder, which sticks when it is full. */
#pragma once

#include "base/buf.h"

/* (0002,0012) and (0002,0013) of files written here, and of associations (PS3.7 D.3.3.2). */
#define DICOM_IMPLEMENTATION S("2.25.118834411893470217190546378924318471212")
#define DICOM_IMPLEMENTATION_NAME S("CONSILIUM")

struct dicom_meta {
    struct str sop_class;
    struct str sop_instance;
    struct str syntax; /* transfer syntax of what follows */
    struct str sender; /* AE title it came from; empty: not said */
};

/* 128 zero bytes, "DICM" and the group with its length: a data set follows. */
void dicom_head_write(struct buf *b, const struct dicom_meta *m);
/* A number in two or four bytes. */
void dicom_put_u16(struct buf *b, uint32_t v);
void dicom_put_u32(struct buf *b, uint32_t v);
/* An element of text of a short VR, padded to even length: UIDs with NUL, others with a blank. Limits: 65534
 * bytes. */
void dicom_put_text(struct buf *b, uint32_t tag, const char vr[3], struct str v);
