/* The King James text, as Debian's bible-kjv and bible-kjv-text give it. */
#ifndef BIBLE_H
#define BIBLE_H

#include <stddef.h>

/* All books in lines of up to 80 characters, or the file at path if that is
 * not NULL. malloc'ed, with a 0 behind; ends the program where there is none.
 *   a chapter   an empty line, "Genesis 1", an empty line
 *   a verse     "  1 In the beginning ...", going on in lines that begin with
 *               no blank */
unsigned char *bible_read(const char *path, size_t *length);

#endif
