import pytest
from tests.audits.pages import *
from tests.factories import Make

def show(r):
    return r.status_code, r.content.decode()[:3000] if r.status_code>=400 else ''

def test_all(make: Make, client, asha, ben):
    sign_in(client, asha)
    def get(u, want=200):
        r=client.get(u); assert r.status_code==want, (u, r.status_code, r.content.decode()[-3000:]); return r
    get('/audits/')
    dep=make.deployment(live=True)
    get('/audits/new/'); get('/audits/new/?deployment='+dep.ref)
    from auditapp.questionnaires.models import QuestionnaireVersion as V
    v=V.objects.published().get(questionnaire__code='quarterly-monitoring')
    r=get(f'/audits/new/?deployment={dep.ref}&version={v.pk}&model_version={dep.versions.first().pk}&reason=')
    assert 'questions would be asked' in r.content.decode()
    r=client.post(f'/audits/new/?deployment={dep.ref}',{'version':v.pk,'model_version':dep.versions.first().pk})
    assert r.status_code==302, r.content.decode()
    get(r['Location'])
    audit=make.audit()
    get('/audits/'); get('/audits/?sort=progress&state=draft'); get('/audits/?format=csv'); get('/audits/?q=zzz')
    base=f'/audits/{audit.ref}/'
    get(base); get(base+'exclusions/'); get(base+'assignments/'); get(base+'submission/'); get(base+'withdrawal/'); get(base+'hazard-ratings/')
    a=audit.answers.first()
    get(base+f'categories/{a.category_code}/')
    r=post_answer(client,audit,a.code); assert r.status_code==302
    get(r['Location'])
    r=post_answer(client,audit,a.code,key='k2',note='other'); assert r.status_code==409, show(r)
    print(r.content.decode()[5000:])
    r=post_answer(client,audit,a.code,key='k3',note='other',json=True); print(r.json())
    r=post_answer(client,audit,a.code,key='k3',base=1,due='nonsense'); assert r.status_code==422, show(r)
    r=post_answer(client,audit,a.code,key='k3',base=1,due='nonsense',json=True); assert r.status_code==422, show(r)
    print(r.json())
    with counted(8):
        r=post_answer(client,audit,a.code,key='k4',base=1,json=True); assert r.status_code==200
    print(r.json())
    get(base+f'answers/{a.code}/history/'); get(base+f'answers/{a.code}/evidence/')
    s=make.submitted(mon_03=make.gap(), mon_02={'verdict':'met'})
    client.logout(); sign_in(client, ben)
    get(f'/audits/{s.ref}/'); get(f'/audits/{s.ref}/review/'); get(f'/audits/{s.ref}/rounds/1/'); get(f'/audits/{s.ref}/hazard-ratings/')
