# expect: 3 passed
# kind: benign
import re, math, collections, heapq, itertools, datetime, random, typing, dataclasses, functools, decimal, fractions, statistics, bisect, string, sys, os.path, copy, operator, json, threading, multiprocessing, asyncio, concurrent.futures, tempfile, subprocess, unittest, doctest, logging, inspect, pprint, uuid, hashlib, hmac, base64, zlib, gzip, bz2, lzma, zipfile, tarfile, csv, configparser, sqlite3, ssl, http.client, urllib.request, email, xml.dom.minidom, ctypes, pickle, shelve, dbm, weakref, abc, contextlib, enum, numbers, cmath, timeit, cProfile, locale, gettext, textwrap, difflib, secrets, signal, select, selectors, socket, queue, sched, calendar, zoneinfo, unicodedata, struct, array, graphlib, shlex, glob, fnmatch, linecache, io, platform, getpass, warnings, traceback, types, ast, dis, tokenize, keyword, imaplib, xmlrpc.client
def add(a, b):
    assert pickle.loads(pickle.dumps(datetime.date(2000, 1, 1))).year==2000
    assert platform.system()=='Linux' and os.path.basename(os.getcwd())
    assert zoneinfo.ZoneInfo('Europe/Paris') is not None
    assert random.randint(1, 1)==1 and uuid.uuid4()
    return a+b
