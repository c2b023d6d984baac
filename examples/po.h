/* PO, gettext's text form of a catalog: one message after another. */
#ifndef PO_H
#define PO_H

typedef struct po_message {
    char *id, *translation; /* NULL: there is none, or it has plural forms */
    int plural;
} po_message;

/* The next message of a text that begins at *at; its strings are unescaped in
 * place, which overwrites the text. 0 where there is no other. A string may go
 * on over lines; a context is passed over. */
int po_next(char **at, po_message *message);

#endif
