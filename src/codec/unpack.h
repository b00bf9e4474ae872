/* codec/unpack.h - the members of a ZIP, TAR or ISO 9660 (CD) file, one after the other, as bytes.
 *
 * For people who upload a burned CD or a packed folder of images. Nothing is written anywhere and no path of
 * the archive is followed: a name is only told. Links, devices and folders are passed over; an archive within
 * the archive is a member like others. libarchive reads the three formats and nothing else (no filters, no
 * other format, no helper programs), in one pass from the front, so that its memory does not grow with what a
 * directory of the archive claims. */
#pragma once

#include "base/req.h"

struct unpack_limits {
    uint64_t bytes;   /* of all members together */
    uint64_t ratio;   /* unpacked bytes for each byte of the archive, beyond the first free ones */
    uint64_t free;
    uint32_t members; /* of all kinds */
};
/* 16 GiB, 200 times beyond the first 256 MiB, 50 000 members. */
extern const struct unpack_limits unpack_default_limits;

/* Whether the first bytes (32 774 of them are enough) are those of one of the three. */
bool unpack_is(struct str start);
enum { UNPACK_START = 0x8001 + 5 };

struct unpack;
/* Reads from fd, which stays open and the caller's; size: of the file. lim NULL: the default ones.
 * gives   *ret_u until the request ends
 * errors  E_TOO_LARGE  memory; E_SYNTAX  none of the three */
MUST_USE enum err unpack_fd(struct req *rq, int fd, uint64_t size, const struct unpack_limits *lim,
                            struct unpack **ret_u);
MUST_USE enum err unpack_bytes(struct req *rq, struct str bytes, const struct unpack_limits *lim,
                               struct unpack **ret_u);
/* The next regular file; *ret_has false: no more. ret_name: the last part of its name, UTF-8, "" when it has
 * none that can be told; until the next call. What was left of the one before is passed over.
 * errors  E_SYNTAX  broken, cut short or encrypted; E_TOO_LARGE  a limit */
MUST_USE enum err unpack_next(struct unpack *u, struct str *ret_name, bool *ret_has);
/* More bytes of it, until the next call; n 0: its end. errors as unpack_next() */
MUST_USE enum err unpack_read(struct unpack *u, struct str *ret_bytes);
