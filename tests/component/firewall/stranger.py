"""stranger.py: somebody else, who changes the firewall at the same time, and what must be left of that."""
import urllib.parse

import frame
import model


def quote(text):
    return urllib.parse.quote(text, safe='')


def things(fw):
    """All that a firewall consists of, one by one: (kind, place, name ...) -> value; a list of rules is one thing."""
    out = {}
    for place, file in fw.items():
        out |= {('option', place, k): v for k, v in file['options'].items()}
        out |= {('alias', place, k): v for k, v in file['aliases'].items()}
        for k, (comment, members) in file['ipset'].items():
            out[('set', place, k)] = (comment,)
            out |= {('member', place, k, cidr): v for cidr, v in members.items()}
        for k, (comment, rules) in file['groups'].items():
            out[('group', place, k)] = (comment,)
            out[('rules', place, k)] = rules
        out[('rules', place, '')] = file['rules']
    return out


def base_of(place):
    return model.LEVELS[place[0]]['api'].format(place[1])


def list_path(key):
    return f'{base_of(key[1])}/groups/{key[2]}' if key[2] else f'{base_of(key[1])}/rules'


class Stranger:
    """
    Makes one change when called, in the way to `wanted` of `places`; then `was` and `then` are the firewall before and after
    it, and `call` is what it came before. A change is to one of the `things`.
    """

    def __init__(self, r, places, wanted):
        self.r, self.places, self.wanted, self.node, self.what = r, places, wanted, frame.Node(), None
        self.was = self.then = self.call = None

    def live(self):
        return {place: model.read(self.node, place) for place in model.PLACES}

    def __call__(self, call):
        self.call, self.was = call, self.live()
        self.then = self.was
        while self.then == self.was:
            key = self.r.choice((self.under_way, self.yet_to_come, self.anything))()
            # the names of the other files may be in use
            if not key or (key[1] not in self.places and key[0] != 'option' and key[0] != 'rules'):
                continue
            try:
                getattr(self, key[0])(*key[1:])
            except (LookupError, frame.Refused):  # there is nothing of that kind, or it is in use
                continue
            self.then = self.live()
        self.node.rest()

    # --- what to change ---

    def under_way(self):
        """What the call is about to change: its digest is the last that can notice."""
        place = next((p for p in self.places if self.call['path'].startswith(base_of(p) + '/')), None)
        if not place:
            return None  # the switch of the whole cluster
        part, param = [urllib.parse.unquote(x) for x in self.call['path'][len(base_of(place)) + 1:].split('/')], self.call['param']
        if part[0] == 'options':
            keys = [k for k in [*param, *param.get('delete', '').split(',')] if k in model.LEVELS[place[0]]['options']]
            return ('option', place, self.r.choice(keys))
        if part[0] == 'aliases':
            return ('alias', place, param.get('name') or part[1])
        if part[0] == 'rules':
            return ('rules', place, '')
        if part[0] == 'groups':
            name = param.get('group') or part[1]
            return self.r.choice((('rules', place, name), ('group', place, name)))
        name = param['name'] if len(part) == 1 else part[1]
        cidr = param.get('cidr') or (part[2] if len(part) > 2 else '10.66.1.0/24')
        return self.r.choice((('member', place, name, cidr), ('set', place, name)))

    def yet_to_come(self):
        """What a later call is to change: it looks before."""
        now, goal = things(self.was), things(self.wanted)
        keys = sorted((k for k in {*now, *goal} if now.get(k) != goal.get(k)), key=repr)
        return self.r.choice(keys) if keys else None

    def anything(self):
        place = self.r.choice(model.PLACES)
        make, file = model.Maker(self.r, self.was, place), self.was[place]
        keys = [('option', place, self.r.choice(list(make.level['options']))), ('rules', place, '')]
        if make.level['names']:
            keys += [('alias', place, self.r.choice(model.NAMES)), ('set', place, self.r.choice(model.NAMES).lower())]
            keys += [('member', place, name, make.member()[0]) for name in file['ipset']]
        if make.level['groups']:
            keys += [('group', place, self.r.choice(model.NAMES).lower()), *(('rules', place, name) for name in file['groups'])]
        return self.r.choice(keys)

    # --- how ---

    def send(self, method, path, **param):
        self.what = f'{method} {path} {param}'
        self.node.call(method, path, **param)

    def option(self, place, key):
        if key in self.was[place]['options'] and self.r.random() < 0.4:
            self.send('PUT', f'{base_of(place)}/options', delete=key)
        else:
            self.send('PUT', f'{base_of(place)}/options', **{key: model.Maker(self.r, self.was, place).option(key)})

    def rules(self, place, group):
        rules = self.was[place]['groups'][group][1] if group else self.was[place]['rules']
        path, op, at = list_path((None, place, group)), self.r.random(), self.r.randrange(len(rules)) if rules else 0
        if op < 0.4 or not rules:
            self.send('POST', path, type=model.LEVELS[place[0]]['types'][0], action='DROP', enable=1, comment=f'theirs {self.r.random()}')
        elif op < 0.6:
            self.send('DELETE', f'{path}/{at}')
        elif op < 0.8:
            self.send('PUT', f'{path}/{at}', moveto=self.r.randint(0, len(rules)))
        else:
            self.send('PUT', f'{path}/{at}', comment=f'theirs {self.r.random()}')

    def alias(self, place, key):
        path, names = f'{base_of(place)}/aliases', self.was[place]['aliases']
        above = [fw for fw in (self.was, self.wanted) if key in fw[model.CLUSTER]['aliases']]
        if place != model.CLUSTER and above:
            raise LookupError  # the name would mean something else, and the server refuse rules of another family that have it
        if key not in names:
            self.send('POST', path, name=key, cidr=self.wanted[place]['aliases'].get(key, ['10.66.0.0/16'])[0], comment='theirs')
        elif self.r.random() < 0.4:
            self.send('DELETE', f'{path}/{key}')
        else:
            old = names[key][0]
            cidr = self.r.choice((old, self.r.choice(model.NETS[model.family(old)])))
            self.send('PUT', f'{path}/{key}', cidr=cidr, comment=self.r.choice(('theirs', '')))

    def member(self, place, name, cidr):
        path, members = f'{base_of(place)}/ipset/{name}', self.was[place]['ipset'][name][1]
        if cidr not in members:
            self.send('POST', path, cidr=cidr, comment='theirs')
        elif self.r.random() < 0.5:
            self.send('DELETE', f'{path}/{quote(cidr)}')
        else:
            self.send('PUT', f'{path}/{quote(cidr)}', nomatch=self.r.choice((0, 1)), comment='theirs')

    def container(self, place, part, key, name, **force):
        path, names = f'{base_of(place)}/{part}', self.was[place][part]
        if name not in names:
            self.send('POST', path, **{key: name, 'comment': 'theirs'})
        elif self.r.random() < 0.5:
            self.send('DELETE', f'{path}/{name}', **force)
        else:
            self.send('POST', path, **{key: name, 'rename': name, 'comment': 'theirs'})

    def set(self, place, name):
        self.container(place, 'ipset', 'name', name, force=1)

    def group(self, place, name):
        self.container(place, 'groups', 'group', name)

    def lost(self, final):
        """What of the change is not there any more; None: all is."""
        was, then, end, goal = things(self.was), things(self.then), things(final), things(self.wanted)
        for key in {*was, *then}:
            if was.get(key) == then.get(key) or end.get(key) == then.get(key):
                continue
            # a rule that was on its way comes before all others and takes nothing away
            arrives = self.call['method'] == 'POST' and key[0] == 'rules' and self.call['path'] == list_path(key)
            if arrives and end.get(key, [None])[1:] == then.get(key):
                continue
            # the comment of what the target says is to go; the call that does it looks only at what is in it
            if key[0] in ('set', 'group') and key in was and key in then and key not in goal and key not in end:
                continue
            return f'{key}: {then.get(key)} has become {end.get(key)}'
        return None

    def touched(self):
        was, then = things(self.was), things(self.then)
        return {key for key in {*was, *then} if was.get(key) != then.get(key)}
