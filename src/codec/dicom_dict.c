/* codec/dicom_dict.c - what PS3.6 says of a tag. See dicom_file.h; the tables are written at build. */
#include <string.h>

#include "codec/dicom_int.h"

static const struct dicom_dict_row *row_of(uint32_t tag)
{
    size_t from = 0;
    size_t to = dicom_dict_count;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (dicom_dict[mid].tag == tag) {
            return &dicom_dict[mid];
        }
        if (dicom_dict[mid].tag < tag) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return NULL;
}

static const struct dicom_dict_range *range_of(uint32_t tag)
{
    for (size_t i = 0; i < dicom_dict_ranges_count; i++) {
        const struct dicom_dict_range *r = &dicom_dict_ranges[i];
        bool groups = r->first >> 16 != r->last >> 16;
        if (tag >= r->first && tag <= r->last &&
            (!groups || ((tag & 0xffff) == (r->first & 0xffff) && (tag >> 16) % 2 == 0))) {
            return r;
        }
    }
    return NULL;
}

void dicom_dict_vr(uint32_t tag, char ret_vr[3])
{
    const struct dicom_dict_row *row = row_of(tag);
    const char *vr = "UN";
    if ((tag & 0xffff) == 0) {
        vr = "UL"; /* group length */
    } else if ((tag >> 16) % 2 == 1) {
        uint32_t element = tag & 0xffff;
        vr = element >= 0x10 && element <= 0xff ? "LO" : "UN"; /* who a private block belongs to */
    } else if (row != NULL) {
        vr = row->vr;
    } else {
        const struct dicom_dict_range *range = range_of(tag);
        vr = range == NULL ? "UN" : range->vr;
    }
    memcpy(ret_vr, vr, 3);
}

struct str dicom_dict_name(uint32_t tag)
{
    const struct dicom_dict_row *row = row_of(tag);
    if (row != NULL) {
        return str_z(row->name);
    }
    const struct dicom_dict_range *range = range_of(tag);
    return range == NULL ? S("") : str_z(range->name);
}

bool dicom_dict_tag(struct str name, uint32_t *ret_tag)
{
    uint8_t hex[4];
    if (name.n == 8 && str_unhex(name, hex, sizeof(hex))) {
        *ret_tag = dicom_get32(hex, true);
        return true;
    }
    size_t from = 0;
    size_t to = dicom_dict_names;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        const struct dicom_dict_row *row = &dicom_dict[dicom_dict_by_name[mid]];
        int order = str_cmp(str_z(row->name), name);
        if (order == 0) {
            *ret_tag = row->tag;
            return true;
        }
        if (order < 0) {
            from = mid + 1;
        } else {
            to = mid;
        }
    }
    return false;
}
