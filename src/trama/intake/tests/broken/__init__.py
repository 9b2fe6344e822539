"""Files as nobody wants them, each made by code, with the sentence that whoever brings it is to read.

One module per kind of file; `case.py` says what a case is, `../test_bad_input.py` brings each of them in on every way.
"""
